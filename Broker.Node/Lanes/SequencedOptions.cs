using Broker.Node.Sequenced;

namespace Broker.Node.Lanes;

/// <summary>What lanes need for sequenced topics.</summary>
/// <param name="Leases">Which partitions the node owns.</param>
/// <param name="Partitions">Of all partitions.</param>
internal sealed record SequencedOptions(IPartitionLeases Leases, PartitionSettings Partitions)
{
    /// <summary>Publishes and questions about one partition that are under way here, from which on publishes are unavailable.</summary>
    public int Pending { get; init; } = 4096;

    /// <summary>Rooms of the node; null: there are none.</summary>
    public IRoomRuns? Rooms { get; init; }

    /// <summary>Called by a lane with the user and a <see cref="UserOrder"/> to carry out on this node: may not wait for anything.</summary>
    public Action<string, UserOrder> Ordered { get; init; } = static (_, _) => { };

    /// <summary>After which what is under way is given up: lanes look once a second, so that nobody waits longer than 15 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(14);
}
