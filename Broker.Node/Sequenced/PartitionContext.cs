using Broker.Node.Topics;

namespace Broker.Node.Sequenced;

/// <summary>Where a partition's part is, and what it needs of there.</summary>
/// <param name="Id">The partition's number.</param>
/// <param name="Self">The lane.</param>
/// <param name="Output">What it does.</param>
/// <param name="Topics">Settings of topics; the same on every node.</param>
/// <param name="Budget">Of the node.</param>
/// <param name="NewEpoch">A random number above 0.</param>
/// <param name="Clock">Milliseconds since the epoch: the age of what is kept, and nothing else.</param>
internal sealed record PartitionContext(int Id, LaneId Self, IPartitionOutput Output, TopicSettings Topics, HistoryBudget Budget, Func<ulong> NewEpoch, Func<long> Clock)
{
    /// <summary>Copies beside the owner: 1, or 0.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>Of two nodes each goes on without the other: with an epoch of its own, and what it has.</summary>
    public bool IsSurvivor { get; init; }

    /// <summary>Members of a topic up to which each is told to the others.</summary>
    public int MemberList { get; init; } = 1000;

    /// <summary>Members of a topic.</summary>
    public int MaxMembers { get; init; } = 100_000;

    public PartitionLog NewLog() => new(Topics, Budget);
}
