using Broker.Node.Topics;

namespace Broker.Node.Sequenced;

/// <summary>What all partitions of a node have in common.</summary>
/// <param name="Topics">Settings of topics; the same on every node.</param>
/// <param name="Budget">Of the node.</param>
internal sealed record PartitionSettings(TopicSettings Topics, HistoryBudget Budget)
{
    /// <summary>Copies beside the owner: 1, or 0.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>Of two nodes each goes on without the other: with an epoch of its own, and what it has.</summary>
    public bool IsSurvivor { get; init; }

    /// <summary>The nodes where a user has connections are told on how many it has.</summary>
    public bool SharesRates { get; init; }

    /// <summary>Members of a topic up to which each is told to the others.</summary>
    public int MemberList { get; init; } = 1000;

    /// <summary>Members of a topic.</summary>
    public int MaxMembers { get; init; } = 100_000;
}
