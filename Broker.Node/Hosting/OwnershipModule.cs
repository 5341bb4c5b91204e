using Akka.Actor;
using Broker.Node.Ownership;

namespace Broker.Node.Hosting;

/// <summary>Starts the shard region of the partitions; the lanes do the work of owners.</summary>
internal sealed class OwnershipModule(LanesModule lanes, NodeRegions regions) : INodePart
{
    public void Start(IActorContext node) =>
        regions.Run(node.System, PartitionRegion.On(node.System, AkkaConfig.ShardingOf(node.System.Settings.Config), lanes.Leases));
}
