namespace Broker.Protocol.Wire;

/// <summary>How messages are written on the wire; chosen by the WebSocket subprotocol.</summary>
public enum WireFormat : byte
{
    /// <summary><c>broker.v1.json</c>, text frames; also what a client without a subprotocol speaks.</summary>
    Json,

    /// <summary><c>broker.v1.msgpack</c>, binary frames: the same maps and keys.</summary>
    MessagePack,
}
