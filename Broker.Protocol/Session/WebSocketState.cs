namespace Broker.Protocol.Session;

/// <summary>Where the closing handshake stands. Only the first two read; from the others nothing leads away.</summary>
public enum WebSocketState : byte
{
    /// <summary>Messages flow.</summary>
    Open,

    /// <summary>This side sent its close frame and waits for the peer's; data is dropped.</summary>
    CloseSent,

    /// <summary>The peer closed first; the reply was handed to the handler. A server ends the transport once it is written.</summary>
    CloseReceived,

    /// <summary>This side's close was answered, or the session was disposed of.</summary>
    Closed,

    /// <summary>The peer broke a rule; see <see cref="WebSocketSession.Failure"/>. A close frame was handed to the handler unless one had been before.</summary>
    Failed,
}
