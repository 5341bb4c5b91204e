using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.SBR;

namespace Broker.Node.Membership;

/// <summary>
/// Downing for <c>broker.cluster.downing = survivor</c>: Akka's split brain resolver from three members on, and of two members
/// whoever still runs downs the other. Made by Akka, by the name in its configuration.
/// </summary>
public sealed class SurvivorDowning(ActorSystem system, Cluster cluster) : IDowningProvider
{
    private readonly SplitBrainResolverProvider _majority = new(system, cluster);

    public TimeSpan DownRemovalMargin => _majority.DownRemovalMargin;

    public Props DowningActorProps => Props.Create(() => new SurvivorDowningActor(_majority.DowningActorProps, system.Settings.Config.GetTimeSpan("akka.cluster.split-brain-resolver.stable-after", null, true)));
}
