namespace Broker.Protocol.Wire;

/// <summary>Reply to <c>unsubscribe</c>; unasked, with a <see cref="Reason"/>, when the server removes a subscription or a right ends. <c>Topic</c> is UTF-8.</summary>
public readonly record struct UnsubscribedMessage(WireId Id, ReadOnlyMemory<byte> Topic)
{
    /// <summary>Left out when null.</summary>
    public string? Reason { get; init; }
}
