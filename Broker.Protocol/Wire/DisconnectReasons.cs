namespace Broker.Protocol.Wire;

/// <summary>Every way the server ends a connection: those a client comes back from, and those where coming back would not help.</summary>
public static class DisconnectReasons
{
    // Reconnect: with backoff unless PROTOCOL.md says otherwise.
    public static readonly DisconnectReason GoingAway = new(1001, "going away", Reconnect: true);

    /// <summary>A client that kept quiet where <c>auth</c> was due: often a slow network.</summary>
    public static readonly DisconnectReason AuthTimeout = new(1008, "auth timeout", Reconnect: true);

    /// <summary>The user's other connections hold all places; one may become free.</summary>
    public static readonly DisconnectReason TooManyConnections = new(1008, "too many connections", Reconnect: true);

    /// <summary>Come back, without the message that was too big.</summary>
    public static readonly DisconnectReason MessageTooBig = new(1009, "message too big", Reconnect: true);
    public static readonly DisconnectReason ServerError = new(1011, "server error", Reconnect: true);

    /// <summary>Drain; come back after the <c>after</c> of <c>disconnecting</c>.</summary>
    public static readonly DisconnectReason Restart = new(1012, "restart", Reconnect: true);
    public static readonly DisconnectReason Overloaded = new(1013, "overloaded", Reconnect: true);

    /// <summary>Come back and recover.</summary>
    public static readonly DisconnectReason SlowConsumer = new(1013, "slow consumer", Reconnect: true);

    /// <summary>Come back with a fresh token.</summary>
    public static readonly DisconnectReason TokenExpired = new(4001, "token expired", Reconnect: true);

    // Terminal: stop.
    public static readonly DisconnectReason Normal = new(1000, "", Reconnect: false);
    public static readonly DisconnectReason ProtocolError = new(1002, "protocol error", Reconnect: false);
    public static readonly DisconnectReason UnsupportedData = new(1003, "unsupported data", Reconnect: false);
    public static readonly DisconnectReason InvalidData = new(1007, "invalid data", Reconnect: false);

    /// <summary>A client may try one fresh token, then stops.</summary>
    public static readonly DisconnectReason InvalidToken = new(1008, "Invalid token", Reconnect: false);

    /// <summary>The first message was not <c>auth</c>: it would not be the next time either.</summary>
    public static readonly DisconnectReason AuthRequired = new(1008, "auth required", Reconnect: false);
    public static readonly DisconnectReason OriginNotAllowed = new(1008, "Origin not allowed", Reconnect: false);
    public static readonly DisconnectReason Abuse = new(1008, "abuse", Reconnect: false);

    /// <summary>By the application.</summary>
    public static readonly DisconnectReason Disconnected = new(4003, "disconnected", Reconnect: false);
    public static readonly DisconnectReason Revoked = new(4003, "revoked", Reconnect: false);
}

/// <summary>Why the server closes a connection, as the close frame and <c>disconnecting</c> say it.</summary>
/// <param name="Code">WebSocket close code.</param>
/// <param name="Reason">Close reason; clients compare it, so it never changes. At most 123 bytes (RFC 6455 section 5.5).</param>
/// <param name="Reconnect">Whether the client should come back by itself.</param>
public readonly record struct DisconnectReason(ushort Code, string Reason, bool Reconnect);
