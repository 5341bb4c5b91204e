namespace Broker.Node.Sequenced;

/// <summary>Where a partition's part is, and what it needs of there.</summary>
/// <param name="Id">The partition's number.</param>
/// <param name="Self">The lane.</param>
/// <param name="Output">What it does.</param>
/// <param name="Settings">Of all partitions.</param>
/// <param name="NewEpoch">A random number above 0.</param>
/// <param name="Clock">Milliseconds since the epoch: the age of what is kept, and nothing else.</param>
internal sealed record PartitionContext(int Id, LaneId Self, IPartitionOutput Output, PartitionSettings Settings, Func<ulong> NewEpoch, Func<long> Clock)
{
    public PartitionLog NewLog() => new(Settings.Topics, Settings.Budget);
}
