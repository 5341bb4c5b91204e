using System.Buffers;
using System.Net;
using System.Text;
using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Node.Connections;

/// <summary>Who one connection is and what it may do: its identity, its place among its user's connections, and what tokens granted it since. Single-threaded: its session's.</summary>
/// <param name="services">Shared by all connections.</param>
/// <param name="format">Of the connection.</param>
/// <param name="remote">The client's address.</param>
/// <param name="self">The connection's actor.</param>
internal sealed class SessionAuth(ConnectionServices services, WireFormat format, IPAddress remote, IActorRef self)
{
    private readonly SubscribeGrants _grants = new();
    private readonly LimitOptions _limits = services.Options.Limits;
    private Rights _ownRights = Rights.None;
    private UserConnections? _connections;
    private IDisposable? _place;
    private bool _toldOfGrant;

    /// <summary>Null until the connection has authenticated or was admitted without.</summary>
    public Identity? Identity { get; private set; }

    /// <summary>The token's info in the connection's format; empty for none.</summary>
    public ReadOnlyMemory<byte> Info { get; private set; }

    /// <summary>Set where the rate is per user and the connection has one.</summary>
    public UserBucket? Bucket { get; private set; }

    /// <summary>When the next right that a <c>subscribe.token</c> granted ends; null: none will.</summary>
    public DateTimeOffset? NextGrantEnd => _grants.NextEnd;

    /// <summary>Reads the token of an <c>auth</c>; a good one is not admitted yet.</summary>
    public AuthResult Authenticate(ReadOnlySpan<byte> token)
    {
        var result = services.Tokens.Validate(Encoding.UTF8.GetString(token), remote);
        if (result.Identity is { } identity && Identity?.User is { } user && user != identity.User)
        {
            services.Tokens.Refuse();
            return new AuthResult(null, ErrorCode.InvalidToken, "its sub is another than this connection's");
        }

        return result;
    }

    /// <summary>Takes an identity.</summary>
    /// <returns>Why the connection ends; null: it was taken.</returns>
    public DisconnectReason? Admit(Identity identity)
    {
        if (identity.User is { } user && _place is null)
        {
            if (!services.Quotas.Users.TryAdd(user, out _connections, out _place))
            {
                return DisconnectReasons.TooManyConnections;
            }

            // Before it is looked what was said about the user: whoever says something after that finds the connection.
            _connections.Add(self);
            Bucket = services.Quotas.UserMessages?.Join(user);
        }

        Identity = identity;
        _ownRights = identity.Rights;
        Info = InFormat(identity.Info);
        var reason = Reconsider();
        ApplyGrants();
        return reason;
    }

    /// <summary>The application may have said something about the user.</summary>
    /// <returns>Why the connection ends; null: it does not.</returns>
    public DisconnectReason? Reconsider()
    {
        if (Identity is not { User: { } user })
        {
            return null;
        }

        if (services.Rights.TryFind(user, Identity.Issued, out var change) && change.Rights is null)
        {
            return DisconnectReasons.Revoked;
        }

        if (services.Rights.TryFind(user, Identity.Decided, out change) && change.Rights is { } rights)
        {
            // What tokens granted until then is granted no more.
            _ownRights = rights;
            _grants.EndUntil(change.At);
            ApplyGrants();
        }

        return null;
    }

    /// <summary>Adds what a token in a <c>subscribe</c> grants to the rights of <see cref="Identity"/>.</summary>
    public ErrorCode Grant(ReadOnlySpan<byte> token)
    {
        var grant = services.Tokens.ValidateGrant(Encoding.UTF8.GetString(token), Identity!.User, remote);
        if (grant.Pattern is null)
        {
            TellOf(grant);
            return grant.Error;
        }

        if (_grants.Count >= _limits.Subscriptions)
        {
            return ErrorCode.LimitExceeded;
        }

        if (services.Rights.TryFind(Identity.User!, grant.Issued, out _))
        {
            return ErrorCode.Forbidden;
        }

        _grants.Add(grant.Pattern, grant.Issued, grant.Expires + services.Options.Auth.Skew);
        ApplyGrants();
        return ErrorCode.None;
    }

    /// <summary>Takes back what has been granted for a time that is over. True: there was some.</summary>
    public bool EndGrants()
    {
        if (!_grants.End(services.Time.GetUtcNow()))
        {
            return false;
        }

        ApplyGrants();
        return true;
    }

    /// <summary>Gives back the connection's place. Safe to repeat.</summary>
    public void End()
    {
        _connections?.Remove(self);
        _place?.Dispose();
        Bucket?.Dispose();
    }

    /// <summary>A refused grant does not end the connection, so it has a line of its own: once, however often the client tries.</summary>
    private void TellOf(GrantResult grant)
    {
        if (!_toldOfGrant)
        {
            _toldOfGrant = true;
            services.Log.GrantRefused(remote, $"{ErrorCodes.Text(grant.Error)}: {grant.Why}");
        }
    }

    private void ApplyGrants() => Identity = Identity! with { Rights = _grants.AddTo(_ownRights) };

    private ReadOnlyMemory<byte> InFormat(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty || format == WireFormat.Json)
        {
            return json;
        }

        var carried = new ArrayBufferWriter<byte>(json.Length);
        return WireBridge.TryCarry(json.Span, WireFormat.Json, carried) ? carried.WrittenMemory : default;
    }
}
