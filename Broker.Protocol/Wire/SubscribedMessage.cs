namespace Broker.Protocol.Wire;

/// <summary>Reply to <c>subscribe</c>; unasked, with a <see cref="Reason"/>, when the server subscribes a connection. <c>Topic</c> is UTF-8, as the client wrote it.</summary>
public readonly record struct SubscribedMessage(WireId Id, ReadOnlyMemory<byte> Topic)
{
    /// <summary>Written as <c>epoch</c> and <c>offset</c>; both left out when null.</summary>
    public WirePosition? Position { get; init; }

    /// <summary>Left out when null, that is when no recovery was asked for.</summary>
    public bool? Recovered { get; init; }

    /// <summary>Left out when null.</summary>
    public string? Reason { get; init; }
}
