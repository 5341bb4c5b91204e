using Broker.Node.Auth;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// The rates of one connection and what counts as abuse of them (docs/LIMITS.md). Not thread-safe but for the user's
/// shared bucket.
/// </summary>
internal sealed class RequestMeter
{
    private readonly ConnectionServices _services;
    private readonly SessionAuth _auth;
    private SlidingCounter? _unparsable;
    private SlidingCounter? _forbidden;
    private TokenBucket _messages;
    private TokenBucket _control;
    private TokenBucket _pings;
    private AbuseMeter _abuse;

    /// <param name="services">Shared by all connections.</param>
    /// <param name="auth">Has the user's bucket, where there is one.</param>
    public RequestMeter(ConnectionServices services, SessionAuth auth)
    {
        (_services, _auth) = (services, auth);
        _messages = new TokenBucket(services.Quotas.Messages);
        _control = new TokenBucket(services.Quotas.Control);
        _pings = new TokenBucket(services.Quotas.Pings);
        _abuse = new AbuseMeter(services.Quotas.Messages);
    }

    /// <summary>Ten times over the rate for three seconds.</summary>
    public bool IsAbused { get; private set; }

    /// <param name="type">Of the message.</param>
    /// <param name="room">Takes what is said in a room; null: it is like any message.</param>
    /// <param name="retryAfter">When it may be said again.</param>
    /// <returns>False: over the rate, <paramref name="retryAfter"/> says for how long.</returns>
    public bool TryTake(ClientMessageType type, RoomBucket? room, out TimeSpan retryAfter)
    {
        var now = Now;
        IsAbused |= _abuse.Count(1, now);
        return type switch
        {
            ClientMessageType.Ping => _pings.TryTake(1, now, out retryAfter),
            ClientMessageType.Auth or ClientMessageType.Subscribe or ClientMessageType.Unsubscribe => _control.TryTake(1, now, out retryAfter),
            _ when room is not null => room.TryTake(now, out retryAfter),
            _ when _auth.Bucket is { } user => user.TryTake(1, now, out retryAfter),
            _ => _messages.TryTake(1, now, out retryAfter),
        };
    }

    /// <returns>True: one too many.</returns>
    public bool Unparsable() => (_unparsable ??= Counter(_services.Options.Limits.UnparsableMessages)).Add(Now);

    /// <returns>True: one too many.</returns>
    public bool Forbidden() => (_forbidden ??= Counter(_services.Options.Limits.Forbidden)).Add(Now);

    private long Now => _services.Time.GetTimestamp();

    private SlidingCounter Counter(int limit) => new(limit, 10 * _services.Time.TimestampFrequency);
}
