namespace Broker.Protocol.Session;

/// <summary>Which limit a peer went over whose connection a session failed with 1008.</summary>
public enum WebSocketAbuse
{
    None,
    Fragments,
    MessageTime,
    ControlFrames,
}
