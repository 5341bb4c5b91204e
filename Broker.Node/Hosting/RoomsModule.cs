using Akka.Actor;
using Akka.Cluster;
using Broker.Node.Membership;
using Broker.Node.Rooms;
using Broker.Rooms;

namespace Broker.Node.Hosting;

/// <summary>Starts the shard region of the rooms when the lanes, which carry what rooms say, are ready.</summary>
internal sealed class RoomsModule(
    RoomKinds kinds, RoomRuns runs, IServiceProvider services, IRoomDirectory directory, LanesModule lanes, Fence fence, PartWatch watch, TimeProvider time) : INodePart
{
    private RoomRegion? _region;

    public void Start(IActorContext node)
    {
        var uid = unchecked((uint)Cluster.Get(node.System).SelfUniqueAddress.Uid);
        var shared = new RoomServices(kinds, services, uid, runs, lanes.Inbox, new RoomStore(lanes.Inbox), directory, fence, time);
        var dispatcher = node.System.Dispatchers.HasDispatcher(AkkaConfig.RoomDispatcher) ? AkkaConfig.RoomDispatcher : null;
        _region = new RoomRegion(node.System, shared, AkkaConfig.ShardingOf(node.System.Settings.Config), dispatcher);
        node.ActorOf(Props.Create(() => new RoomMembers(runs)), "room-members");
        watch.Observe(StartRegionAsync(_region));
    }

    /// <summary>Before the partitions: what is kept of the rooms goes to them.</summary>
    public Task StopAsync(TimeSpan timeout) => _region?.StopAsync(timeout) ?? Task.CompletedTask;

    private async Task StartRegionAsync(RoomRegion region)
    {
        await lanes.Gate!.Ready;
        await region.StartAsync();
    }
}
