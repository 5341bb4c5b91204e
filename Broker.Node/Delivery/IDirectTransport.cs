namespace Broker.Node.Delivery;

/// <summary>What the holder of a writer may write to without a stream stage between.</summary>
internal interface IDirectTransport
{
    /// <summary>
    /// Never blocks. The number of bytes taken; fewer than there are, also none, when the rest has to wait; -1 when the
    /// connection is broken. A write of them that is under way by itself is the chunk's <see cref="EgressChunk.Pending"/>.
    /// </summary>
    int TrySend(EgressChunk chunk);
}
