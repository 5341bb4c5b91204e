using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Broker.Node.Sequenced;

namespace Broker.Node.Ownership;

/// <summary>
/// Gives each partition to the Up member with the highest weight for it, of those that have a region. The copy lies with the next
/// highest (<see cref="PartitionMembers.CopyOf"/>), so that the successor of an owner that dies has it. Asked by the coordinator of shards only.
/// </summary>
/// <param name="members">The members as this node sees them.</param>
/// <param name="self">Address of this node.</param>
internal sealed class PartitionAllocation(Func<IReadOnlyList<PartitionAllocation.Node>> members, Address self) : IShardAllocationStrategy
{
    /// <summary>Most partitions that move at the same time.</summary>
    public const int MostAtOnce = 20;

    public PartitionAllocation(Cluster cluster)
        : this(() => See(cluster.State), cluster.SelfAddress)
    {
    }

    public Task<IActorRef> AllocateShard(IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
        Task.FromResult(Best(shardId, Candidates(members(), currentShardAllocations.Keys)) ?? currentShardAllocations.Keys.First());

    public Task<IImmutableSet<string>> Rebalance(IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        IImmutableSet<string> moved = [];
        var nodes = members();

        // A move has to be acknowledged by every region, and a member that comes or goes changes where partitions belong.
        if (nodes.All(static node => node is { IsUp: true, IsReachable: true }))
        {
            var candidates = Candidates(nodes, currentShardAllocations.Keys);
            moved = (
                from region in currentShardAllocations

                // A region whose node was removed, and that is not known to have ended yet, hands nothing over: a move would wait for it in vain.
                where candidates.Exists(candidate => candidate.Region.Equals(region.Key))
                from shard in region.Value
                where !rebalanceInProgress.Contains(shard) && Best(shard, candidates)?.Equals(region.Key) == false
                select shard).Take(MostAtOnce - rebalanceInProgress.Count).ToImmutableHashSet();
        }

        return Task.FromResult(moved);
    }

    private static IActorRef? Best(string shard, List<(IActorRef Region, uint Uid)> candidates)
    {
        var partition = int.Parse(shard, NumberStyles.None, CultureInfo.InvariantCulture);
        return candidates.Count > 0 ? candidates.MaxBy(candidate => Rendezvous.Weight(partition, candidate.Uid)).Region : null;
    }

    /// <summary>The regions on Up members, with their nodes' uids.</summary>
    private List<(IActorRef Region, uint Uid)> Candidates(IReadOnlyList<Node> nodes, IEnumerable<IActorRef> regions) =>
    [..
        from region in regions

        // The path of an actor of this node has no host.
        let address = region.Path.Address.HasGlobalScope ? region.Path.Address : self
        from node in nodes
        where node.IsUp && node.Address.Equals(address)
        select (region, node.Uid)];

    private static Node[] See(ClusterEvent.CurrentClusterState state) =>
        [.. state.Members.Select(member => new Node(member.Address, unchecked((uint)member.UniqueAddress.Uid), member.Status == MemberStatus.Up, !state.Unreachable.Contains(member)))];

    /// <summary>A member.</summary>
    /// <param name="Address">Of the member.</param>
    /// <param name="Uid">Of its node.</param>
    /// <param name="IsUp">Whether it has come, and does not go.</param>
    /// <param name="IsReachable">As this node sees it.</param>
    public readonly record struct Node(Address Address, uint Uid, bool IsUp, bool IsReachable);
}
