using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;

namespace Broker.Node.Ownership;

/// <summary>The shard region of the partitions.</summary>
internal static class PartitionRegion
{
    /// <summary>The same on every node.</summary>
    public const string Name = "partitions";

    /// <param name="system">Where it runs.</param>
    /// <param name="settings">Of the broker's regions.</param>
    /// <param name="leases">Of the node; they poke the region as long as it is there.</param>
    public static NodeRegion On(ActorSystem system, ClusterShardingSettings settings, PartitionLeases leases) => new(
        () => ClusterSharding.Get(system).StartAsync(
            Name,
            partition => PropsOf(leases, partition),
            settings,
            new PartitionExtractor(),
            new PartitionAllocation(Cluster.Get(system)),
            PoisonPill.Instance),
        region => leases.Region = region);

    private static Props PropsOf(PartitionLeases leases, string partition)
    {
        var number = int.Parse(partition, NumberStyles.None, CultureInfo.InvariantCulture);
        return Props.Create(() => new PartitionLease(leases, number));
    }
}
