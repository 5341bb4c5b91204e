namespace Broker.Protocol.Frames;

/// <summary>Frame kinds (RFC 6455 section 11.8); 3-7 and 11-15 are reserved.</summary>
public enum Opcode : byte
{
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}
