namespace Broker.Protocol.Wire;

/// <summary>Something was, or on a broadcast topic may have been, missed here.</summary>
/// <param name="Topic">UTF-8.</param>
public readonly record struct GapMessage(ReadOnlyMemory<byte> Topic);
