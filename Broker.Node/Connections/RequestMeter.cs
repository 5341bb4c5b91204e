using Broker.Node.Auth;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// The rates of one connection and what counts as abuse of them (PROTOCOL.md "Limits"). Not thread-safe but for the user's
/// shared bucket.
/// </summary>
internal sealed class RequestMeter
{
    private readonly ConnectionServices _services;
    private SlidingCounter? _unparsable;
    private SlidingCounter? _forbidden;
    private TokenBucket _messages;
    private TokenBucket _control;
    private TokenBucket _pings;
    private AbuseMeter _abuse;

    public RequestMeter(ConnectionServices services)
    {
        _services = services;
        _messages = new TokenBucket(services.MessageRate);
        _control = new TokenBucket(services.ControlRate);
        _pings = new TokenBucket(services.PingRate);
        _abuse = new AbuseMeter(services.MessageRate);
    }

    /// <summary>Set where the rate is per user and the connection has one.</summary>
    public UserBucket? User { get; set; }

    /// <summary>Ten times over the rate for three seconds.</summary>
    public bool IsAbused { get; private set; }

    /// <returns>False: over the rate, <paramref name="retryAfter"/> says for how long.</returns>
    public bool TryTake(ClientMessageType type, out TimeSpan retryAfter)
    {
        var now = Now;
        IsAbused |= _abuse.Count(1, now);
        return type switch
        {
            ClientMessageType.Ping => _pings.TryTake(1, now, out retryAfter),
            ClientMessageType.Auth or ClientMessageType.Subscribe or ClientMessageType.Unsubscribe => _control.TryTake(1, now, out retryAfter),
            _ when User is { } user => user.TryTake(1, now, out retryAfter),
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
