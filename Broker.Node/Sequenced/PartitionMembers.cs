namespace Broker.Node.Sequenced;

/// <summary>The lanes of the other nodes that serve, as the own node sees the cluster. Not thread-safe.</summary>
internal sealed class PartitionMembers
{
    private readonly Dictionary<LaneId, bool> _leaving = [];

    /// <summary>All that are not removed, those that leave too.</summary>
    public IEnumerable<LaneId> Others => _leaving.Keys;

    public bool Has(LaneId lane) => _leaving.ContainsKey(lane);

    public bool IsLeaving(LaneId lane) => _leaving.GetValueOrDefault(lane);

    /// <summary>Who may hold a copy: the owner is chosen by the same weights, so that of all nodes the next owner has it.</summary>
    public LaneId? CopyOf(int partition)
    {
        LaneId? best = null;
        foreach (var lane in _leaving.Where(static member => !member.Value).Select(static member => member.Key))
        {
            if (best is not { } other || Rendezvous.Weight(partition, lane.Node) > Rendezvous.Weight(partition, other.Node))
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
}
