namespace Broker.Node.Listening;

/// <summary>Bytes of managed memory.</summary>
/// <param name="Live">What the last collection, of the young alone or of all, left alive; 0 before the first one.</param>
/// <param name="Used">That, and what has been allocated since: much of it, or nothing, may be garbage.</param>
/// <param name="Limit">How many the runtime may use; 0: not known.</param>
internal readonly record struct MemoryState(long Live, long Used, long Limit);
