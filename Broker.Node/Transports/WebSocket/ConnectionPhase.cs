namespace Broker.Node.Transports.WebSocket;

/// <summary>How far a connection has come; <see cref="ConnectionState"/> has the table of who moves it on, and when.</summary>
internal enum ConnectionPhase
{
    /// <summary>The request has not been read.</summary>
    Handshaking,

    /// <summary>The request is known and accepted, its actor is being started.</summary>
    Upgraded,

    /// <summary>Somebody takes messages: the actor, which has sent its welcome, or the echo endpoint.</summary>
    Open,

    /// <summary>The last bytes are queued, or there will be none; the last call runs.</summary>
    Closing,

    /// <summary>The socket is gone.</summary>
    Ended,

    /// <summary>ASP.NET Core has the socket.</summary>
    HandedOver,
}
