namespace Broker.Node.Sequenced;

/// <summary>
/// Rendezvous hashing (Thaler and Ravishankar, 1998): of the nodes there are, a partition belongs to the one with the highest
/// weight. A change of members moves what belongs to those that came or went, and nothing else.
/// </summary>
internal static class Rendezvous
{
    /// <summary>All nodes must count alike, for the owner's successor to be the node with the copy.</summary>
    /// <param name="partition">Number of the partition.</param>
    /// <param name="node">Uid of the node.</param>
    public static ulong Weight(int partition, uint node)
    {
        // Finaliser of MurmurHash3.
        var hash = ((ulong)(uint)partition << 32) ^ (node * 0x9e3779b97f4a7c15UL);
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return hash ^ (hash >> 33);
    }
}
