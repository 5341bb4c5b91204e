using Broker.Node.Hosting;
using Broker.Node.Ownership;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Tests.Configuration;
using Broker.Tests.Support;

namespace Broker.Tests.Ownership;

/// <summary>
/// Nodes of one cluster with the configuration of real ones: what regions, coordinators and replicators say to each other passes
/// between them, though nothing may be serialised that is not registered.
/// </summary>
public sealed class OwnershipSpecs
{
    private static readonly int[] All = [.. Enumerable.Range(0, TopicName.Partitions)];

    private static CancellationToken Cancellation => Deadline.Cancel;

    [Fact]
    public async Task Single_node_owns_every_partition_that_is_poked()
    {
        await using var node = await OwnershipNode.StartAsync(null);
        node.Leases.Poke(3);
        node.Leases.Poke(255);
        await Eventually.IsTrueAsync(() => node.Leases.Has(3) && node.Leases.Has(255), "not owned");
        Assert.Equal([3, 255], node.Owned);
    }

    [Fact]
    public async Task Every_partition_is_owned_by_the_one_node_it_belongs_to()
    {
        await using var a = await OwnershipNode.StartAsync(null);
        await using var b = await OwnershipNode.StartAsync(a);
        await using var c = await OwnershipNode.StartAsync(a);
        await PokeAllAsync(a, b, c);
        Assert.All([a.Owned, b.Owned, c.Owned], Assert.NotEmpty);
    }

    [Fact]
    public async Task What_a_node_owned_that_leaves_in_order_is_owned_elsewhere_after_a_poke()
    {
        await using var a = await OwnershipNode.StartAsync(null);
        await using var b = await OwnershipNode.StartAsync(a);
        await using var c = await OwnershipNode.StartAsync(a);
        await PokeAllAsync(a, b, c);

        // The oldest one has the coordinator of shards.
        Assert.True(await a.Region.StopAsync(TimeSpan.FromSeconds(20)));
        Assert.Empty(a.Owned);
        a.Leases.Poke(1);
        await a.Cluster.LeaveAsync(Cancellation);
        await PokeAllAsync(b, c);
        Assert.Empty(a.Owned);
    }

    [Fact]
    public async Task A_node_that_joins_takes_over_what_belongs_to_it_and_nothing_else_moves()
    {
        await using var a = await OwnershipNode.StartAsync(null);
        await using var b = await OwnershipNode.StartAsync(a);
        await PokeAllAsync(a, b);
        a.Lost.Clear();
        b.Lost.Clear();

        await using var c = await OwnershipNode.StartAsync(a);
        await PokeAllAsync(a, b, c);
        Assert.Equal(c.Owned, a.Lost.Concat(b.Lost).Distinct().Order());
    }

    [Fact]
    public async Task Region_that_is_stopped_before_it_starts_never_starts()
    {
        await using var node = new OwnershipNode();
        Assert.True(await node.Region.StopAsync(TimeSpan.Zero));
        await node.Region.StartAsync();
        Assert.Null(node.Leases.Region);
    }

    [Fact]
    public async Task Region_in_which_something_waits_for_an_owner_says_that_the_time_was_up()
    {
        await using var node = new OwnershipNode();
        await node.Region.StartAsync();
        node.Leases.Poke(1);
        Assert.False(await node.Region.StopAsync(TimeSpan.FromMilliseconds(100)));
    }

    /// <summary>As lanes do, through whichever region: again from time to time, until it is owned where it belongs.</summary>
    private static async Task PokeAllAsync(params OwnershipNode[] nodes)
    {
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        while (All.Any(partition => Missing(partition, nodes)))
        {
            foreach (var partition in All.Where(partition => Missing(partition, nodes)))
            {
                nodes[partition % nodes.Length].Leases.Poke(partition);
            }

            await again.WaitForNextTickAsync(Cancellation);
        }

        await AssertOwnedAsync(nodes);
    }

    private static bool Missing(int partition, OwnershipNode[] nodes) => !Owner(partition, nodes).Leases.Has(partition);

    private static OwnershipNode Owner(int partition, OwnershipNode[] nodes) => nodes.MaxBy(node => Rendezvous.Weight(partition, node.Uid))!;

    private static async Task AssertOwnedAsync(OwnershipNode[] nodes)
    {
        await Eventually.IsTrueAsync(() => nodes.Sum(static node => node.Owned.Length) == All.Length, () => $"{nodes.Sum(static node => node.Owned.Length)} leases", TimeSpan.FromSeconds(25));
        foreach (var node in nodes)
        {
            Assert.Equal(All.Where(partition => Owner(partition, nodes) == node), node.Owned);
        }
    }

    private sealed class OwnershipNode : IAsyncDisposable
    {
        private const string Fast = """
            akka.cluster.sharding {
              rebalance-interval = 200ms
              retry-interval = 100ms
              coordinator-failure-backoff = 100ms
              distributed-data { gossip-interval = 100ms, notify-subscribers-interval = 50ms }
            }
            akka.cluster.singleton.hand-over-retry-interval = 100ms
            akka.coordinated-shutdown.run-by-actor-system-terminate = off
            """;

        private readonly ClusterNode _node;

        public OwnershipNode()
        {
            _node = new ClusterNode(NodeSystemSetup.TryCreate(ClusterNode.Load(Fast, brokerSerializer: true), TimeProvider.System, out _)!);
            Leases = new PartitionLeases(TopicName.Partitions, Woken);
            Region = PartitionRegion.On(_node.System, AkkaConfig.ShardingOf(_node.System.Settings.Config), Leases);
        }

        public PartitionLeases Leases { get; }

        public NodeRegion Region { get; }

        public Akka.Cluster.Cluster Cluster => _node.Cluster;

        public uint Uid => unchecked((uint)Cluster.SelfUniqueAddress.Uid);

        public int[] Owned => [.. All.Where(Leases.Has)];

        /// <summary>Partitions whose lease ended here, in this order.</summary>
        public System.Collections.Concurrent.ConcurrentQueue<int> Lost { get; } = [];

        /// <summary>Up, in the cluster of another node or in one of its own, with its region.</summary>
        public static async Task<OwnershipNode> StartAsync(OwnershipNode? seed)
        {
            var node = new OwnershipNode();
            await node.Cluster.JoinAsync((seed ?? node).Cluster.SelfAddress, Cancellation);
            if (seed is not null)
            {
                await seed._node.SeesUpAsync(node.Cluster.SelfAddress).WaitAsync(Cancellation);
            }

            await node.Region.StartAsync();
            return node;
        }

        public ValueTask DisposeAsync() => _node.DisposeAsync();

        private void Woken(int partition)
        {
            if (!Leases.Has(partition))
            {
                Lost.Enqueue(partition);
            }
        }
    }
}
