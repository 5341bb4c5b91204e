namespace Broker.Node.Transport;

/// <summary>Live managed bytes and their limit; a limit of 0 is not known.</summary>
internal readonly record struct MemoryState(long Live, long Limit);
