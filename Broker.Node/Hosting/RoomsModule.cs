using Akka.Actor;
using Akka.Cluster;
using Broker.Node.Configuration.Options;
using Broker.Node.Membership;
using Broker.Node.Rooms;
using Broker.Rooms;

namespace Broker.Node.Hosting;

/// <summary>Starts the shard region of the rooms; the lanes carry what rooms say.</summary>
internal sealed class RoomsModule(
    BrokerOptions options, RoomKinds kinds, RoomRuns runs, IServiceProvider services, RoomLobbies lobbies, LanesModule lanes, NodeRegions regions, Fence fence, TimeProvider time) : INodePart
{
    public void Start(IActorContext node)
    {
        var uid = unchecked((uint)Cluster.Get(node.System).SelfUniqueAddress.Uid);
        var shared = new RoomServices(kinds, services, uid, runs, lanes.Inbox, new RoomStore(lanes.Inbox), lobbies, fence, time) { Most = options.Rooms.Max };
        node.ActorOf(Props.Create(() => new RoomWatch(runs, lobbies, time)), "room-watch");
        regions.Run(node.System, RoomRegion.On(node.System, AkkaConfig.ShardingOf(node.System.Settings.Config), shared, AkkaConfig.RoomDispatcher));
    }
}
