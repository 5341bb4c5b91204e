using Akka.Actor;
using Akka.Cluster;
using Broker.Node.Configuration.Options;
using Broker.Node.Rooms;
using Broker.Rooms;

namespace Broker.Node.Hosting;

/// <summary>Starts this node's way to the lobbies, and their shard region.</summary>
internal sealed class LobbyModule(BrokerOptions options, RoomKinds kinds, RoomRuns rooms, RoomLobbies lobbies, LanesModule lanes, NodeRegions regions, TimeProvider time) : INodePart
{
    public void Start(IActorContext node)
    {
        var uid = unchecked((uint)Cluster.Get(node.System).SelfUniqueAddress.Uid);
        var actor = node.ActorOf(Props.Create(() => new RoomLobbiesActor(uid, kinds, () => lobbies.Region, time)), RoomLobbiesActor.Name);
        lobbies.Open(actor);
        var context = new LobbyContext(uid, options.Rooms.MatchWait, () => rooms.Region, lanes.Inbox, time);
        regions.Run(node.System, LobbyRegion.On(node.System, AkkaConfig.ShardingOf(node.System.Settings.Config), actor.Path.Elements, context, region => lobbies.Region = region));
    }
}
