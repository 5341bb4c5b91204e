namespace Broker.Node.Sequenced;

/// <summary>A partition on one lane: its replica, and its owner's part while the node holds the lease. Not thread-safe; no I/O, no clock.</summary>
/// <param name="id">The partition's number.</param>
/// <param name="self">The lane.</param>
/// <param name="output">What it does.</param>
/// <param name="newEpoch">A random number above 0.</param>
internal sealed class PartitionHost(int id, LaneId self, IPartitionOutput output, Func<ulong> newEpoch)
{
    private readonly PartitionMembers _members = new();
    private bool _hasLease;

    public PartitionReplica Replica { get; } = new(self, output);

    /// <summary>Null where another node owns the partition, or nobody does.</summary>
    public Partition? Owner { get; private set; }

    /// <summary>The node owns the partition from here on, or does no more.</summary>
    public void SetLease(bool hasLease)
    {
        _hasLease = hasLease;
        Owner = hasLease ? Owner ?? NewOwner() : null;
    }

    /// <summary>From a lane that is a member, or from the own one. What a removed one says, which may not know that it is, counts no more.</summary>
    public void Receive(LaneId from, PartitionMessage message)
    {
        if (from != self && !_members.Has(from))
        {
            return;
        }

        switch (message)
        {
            case Head or Register or Forwarded or Copied or SetConfirmed or Refused:
                Owner?.Receive(from, message);
                break;
            case Pulled when Owner is { IsServing: false }:
                Owner.Receive(from, message);
                break;
            default:
                Replica.Receive(from, message);
                break;
        }
    }

    /// <summary>Now and then, such as every second.</summary>
    public void Tick(TimeSpan now)
    {
        Replica.Tick(now);
        if (_hasLease && Owner!.IsSuperseded)
        {
            Owner = NewOwner();
        }

        Owner?.Tick();
    }

    public void OnMember(LaneId lane)
    {
        _members.Add(lane);
        Owner?.Tick();
    }

    public void OnLeaving(LaneId lane)
    {
        _members.Leave(lane);
        Owner?.Tick();
    }

    public void OnRemoved(LaneId lane)
    {
        _members.Remove(lane);
        Owner?.OnRemoved(lane);
    }

    private Partition NewOwner() => new(id, Replica, _members, output, newEpoch);
}
