namespace Broker.Node.Sequenced;

/// <summary>The lanes of the other nodes that serve, as the own node sees the cluster. Not thread-safe.</summary>
internal sealed class PartitionMembers
{
    private readonly Dictionary<LaneId, bool> _leaving = [];

    /// <summary>All that are not removed, those that leave too.</summary>
    public IEnumerable<LaneId> Others => _leaving.Keys;

    public bool Has(LaneId lane) => _leaving.ContainsKey(lane);

    /// <summary>Who may hold a copy: rendezvous hashing, so that a change of members moves as few copies as can be (Thaler and Ravishankar, 1998).</summary>
    public LaneId? CopyOf(int partition)
    {
        LaneId? best = null;
        foreach (var lane in _leaving.Where(static member => !member.Value).Select(static member => member.Key))
        {
            if (best is not { } other || Weight(partition, lane) > Weight(partition, other))
            {
                best = lane;
            }
        }

        return best;
    }

    public void Add(LaneId lane) => _leaving.TryAdd(lane, false);

    public void Leave(LaneId lane)
    {
        if (Has(lane))
        {
            _leaving[lane] = true;
        }
    }

    public void Remove(LaneId lane) => _leaving.Remove(lane);

    private static ulong Weight(int partition, LaneId lane)
    {
        // Finaliser of MurmurHash3.
        var hash = ((ulong)(uint)partition << 32) ^ (lane.Node * 0x9e3779b97f4a7c15UL);
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return hash ^ (hash >> 33);
    }
}
