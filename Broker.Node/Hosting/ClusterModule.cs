using Akka.Actor;
using Akka.Cluster;
using Broker.Node.Configuration.Options;
using Broker.Node.Membership;

namespace Broker.Node.Hosting;

/// <summary>Starts the formation of the cluster, and the pulses that keep the fence open.</summary>
internal sealed class ClusterModule(BrokerOptions options, LanesModule lanes, Fence fence, NodeHealth health, PartWatch watch, NodeLog log, TimeProvider time) : INodePart
{
    public void Start(IActorContext node)
    {
        var cluster = Cluster.Get(node.System);
        var context = new FormationContext(
            Serves: () => health.Serves,
            Probe: seed => SeedProbe.AskAsync(seed, CancellationToken.None),
            Join: cluster.Join,
            Founding: lanes.Founding,
            Waiting: log.WaitsForSeeds,
            Pair: log.WarnOfPair,
            End: reason =>
            {
                log.GivenUp(reason);
                watch.End();
            });
        var formation = node.ActorOf(Props.Create(() => new FormationActor(options.Cluster, context, time)), FormationActor.Name);
        Action opened = () => formation.Tell(FormationActor.FenceOpened.Instance, ActorRefs.NoSender);
        Action servingHeard = () => formation.Tell(FormationActor.ServingHeard.Instance, ActorRefs.NoSender);
        var pulses = Props.Create(() => new PulseActor(fence, options.Cluster.Downing, time, context.Serves, opened, servingHeard));
        node.ActorOf(pulses.WithDispatcher(AkkaConfig.PulseDispatcher), PulseActor.Name);
        if (cluster.Settings.SeedNodes.IsEmpty && options.Cluster.HasOtherSeeds)
        {
            // An address has the name of the system in it: of an application's system nobody could configure them before its start.
            cluster.JoinSeedNodes(options.Cluster.SeedAddresses(node.System.Name));
        }
    }
}
