namespace Broker.Protocol.Wire;

/// <summary>A place in a sequenced topic.</summary>
/// <param name="Epoch">Unescaped UTF-8, opaque to clients. When decoded, a slice of the frame.</param>
/// <param name="Offset">0..2^53-1; in <c>recover</c> the last one seen, 0 for none.</param>
public readonly record struct WirePosition(ReadOnlyMemory<byte> Epoch, long Offset);
