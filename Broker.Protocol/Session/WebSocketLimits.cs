namespace Broker.Protocol.Session;

/// <summary>Bounds on what a peer may send; shared by all sessions of a listener.</summary>
public sealed record WebSocketLimits
{
    /// <summary>Bytes of a message, all fragments together; more is 1009. Where a session starts, see <see cref="WebSocketSession.MessageLimit"/>.</summary>
    public int Message { get; init; } = 65536;

    /// <summary>Fragments of a message, empty ones too; more is 1008 <c>abuse</c>.</summary>
    public int Fragments { get; init; } = 1024;

    /// <summary>Control frames per second, with a burst of twice as many; more is 1008 <c>abuse</c>. 0: unlimited.</summary>
    public int ControlFrames { get; init; } = 20;

    /// <summary>Text messages are taken; otherwise 1003.</summary>
    public bool AllowText { get; init; } = true;

    /// <summary>Binary messages are taken; otherwise 1003.</summary>
    public bool AllowBinary { get; init; } = true;
}
