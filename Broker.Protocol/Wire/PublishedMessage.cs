namespace Broker.Protocol.Wire;

/// <summary>Reply to <c>publish</c>. <c>Topic</c> is UTF-8.</summary>
public readonly record struct PublishedMessage(WireId Id, ReadOnlyMemory<byte> Topic);
