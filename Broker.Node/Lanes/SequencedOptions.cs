using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Node.Lanes;

/// <summary>What lanes need for sequenced topics.</summary>
/// <param name="Leases">Which partitions the node owns.</param>
/// <param name="Topics">Settings of topics.</param>
/// <param name="Budget">Of the node.</param>
internal sealed record SequencedOptions(IPartitionLeases Leases, TopicSettings Topics, HistoryBudget Budget)
{
    /// <summary>Copies of a partition beside its owner: 1, or 0.</summary>
    public int Copies { get; init; } = 1;

    /// <inheritdoc cref="PartitionContext.IsSurvivor"/>
    public bool IsSurvivor { get; init; }

    /// <summary>Members of a topic up to which each is told to the others.</summary>
    public int MemberList { get; init; } = 1000;

    /// <summary>Members of a topic.</summary>
    public int MaxMembers { get; init; } = 100_000;

    /// <summary>Publishes and questions about one partition that are under way here; one more is unavailable.</summary>
    public int Pending { get; init; } = 4096;

    /// <summary>After which what is under way is given up: lanes look once a second, so that nobody waits longer than 15 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(14);
}
