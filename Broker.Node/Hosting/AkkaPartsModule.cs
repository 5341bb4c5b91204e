using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Broker.Node.Ownership;

namespace Broker.Node.Hosting;

/// <summary>Has the node end where an actor of Akka's has ended that it cannot do without.</summary>
internal sealed class AkkaPartsModule(PartWatch watch) : INodePart
{
    public void Start(IActorContext node)
    {
        var sharding = $"/system/{node.System.Settings.Config.GetString("akka.cluster.sharding.guardian-name")}";
        string[] paths =
        [
            DistributedPubSub.Get(node.System).Mediator.Path.ToStringWithoutAddress(),
            "/system/cluster/core/daemon/heartbeatSender",
            $"{sharding}/{PartitionRegion.Name}",
            $"{sharding}/{PartitionRegion.Name}Coordinator",
            $"{sharding}/{PartitionRegion.Name}Coordinator/singleton",
        ];
        node.ActorOf(Props.Create(() => new AkkaPartsActor(paths, watch.Ended)), AkkaPartsActor.Name);
    }
}
