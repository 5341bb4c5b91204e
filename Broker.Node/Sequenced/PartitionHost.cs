namespace Broker.Node.Sequenced;

/// <summary>A partition on one lane: its replica, and its owner's part while the node holds the lease. Not thread-safe; no I/O, no clock.</summary>
/// <param name="context">Where it is.</param>
/// <param name="now">On the clock of <see cref="Tick"/>.</param>
internal sealed class PartitionHost(PartitionContext context, TimeSpan now = default)
{
    private readonly PartitionMembers _members = new();
    private bool _hasLease;
    private bool _isRenewed;

    public PartitionReplica Replica { get; } = new(context, now);

    /// <summary>Null where another node owns the partition, or nobody does.</summary>
    public Partition? Owner { get; private set; }

    /// <summary>The node owns the partition from here on, or does no more.</summary>
    public void SetLease(bool hasLease)
    {
        _hasLease = hasLease;
        if (!hasLease)
        {
            Owner?.Release();
        }

        Owner = hasLease ? Owner ?? NewOwner() : null;
    }

    /// <summary>From a lane that is a member, or from the own one. What a removed one says, which may not know that it is, counts no more.</summary>
    public void Receive(LaneId from, PartitionMessage message)
    {
        if (from != context.Self && !_members.Has(from))
        {
            return;
        }

        switch (message)
        {
            case Head or Register or Forwarded or Copied or SetConfirmed or Refused or Asked or MemberTold or MembersTold:
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
    /// <param name="time">On a clock that only goes on.</param>
    public void Tick(TimeSpan time)
    {
        Replica.Tick(time);
        if (_hasLease && Owner!.IsSuperseded)
        {
            Owner = NewOwner();
        }

        Owner?.Tick(isDue: true);
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
        // One that has left in order goes on nowhere.
        var wasLost = _members.Has(lane) && !_members.IsLeaving(lane);
        _members.Remove(lane);
        _isRenewed |= context.Settings.IsSurvivor && wasLost && !_members.Others.Any();
        Replica.Log.Forget(lane);
        if (_isRenewed && _hasLease)
        {
            Owner = NewOwner();
        }
        else
        {
            Owner?.OnRemoved(lane);
        }
    }

    private Partition NewOwner()
    {
        var isRenewed = _isRenewed;
        _isRenewed = false;
        return new Partition(context, Replica, _members, isRenewed);
    }
}
