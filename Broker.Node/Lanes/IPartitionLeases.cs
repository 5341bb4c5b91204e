namespace Broker.Node.Lanes;

/// <summary>Which partitions this node owns, as sharding sees it: another node may believe the same for a moment. Thread-safe.</summary>
internal interface IPartitionLeases
{
    /// <summary>Whether this node owns the partition now. A lane is woken when that changes, and at every poke that reaches this node.</summary>
    bool Has(int partition);

    /// <summary>Has somebody own the partition. May be lost: repeat it until an owner speaks. Does nothing before the node serves and while it stops.</summary>
    void Poke(int partition);
}
