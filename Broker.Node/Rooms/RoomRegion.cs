using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Broker.Node.Ownership;

namespace Broker.Node.Rooms;

/// <summary>
/// The shard region of the rooms on this node. A room is run where its snapshot's partition is owned, as long as all nodes know the same members. Starts once, stops once.
/// </summary>
internal sealed class RoomRegion(ActorSystem system, RoomServices services, ClusterShardingSettings settings, string? dispatcher)
{
    /// <summary>The same on every node.</summary>
    public const string Name = "rooms";

    private readonly Lock _lock = new();
    private Task<IActorRef>? _started;
    private bool _isStopped;

    /// <summary>From here on this node runs rooms. Does nothing after <see cref="StopAsync"/>.</summary>
    public async Task StartAsync()
    {
        Task<IActorRef> started;
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            started = _started = ClusterSharding.Get(system).StartAsync(
                Name, PropsOf, settings, new RoomExtractor(), new PartitionAllocation(Cluster.Get(system)), RoomActor.Stop.Instance);
        }

        var region = await started;
        lock (_lock)
        {
            services.Runs.Region = _isStopped ? null : region;
        }
    }

    /// <summary>The rooms that run here stop, and go on elsewhere. False: the time was up before.</summary>
    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        Task<IActorRef>? started;
        lock (_lock)
        {
            _isStopped = true;
            started = _started;
        }

        try
        {
            return started is null || await (await started).GracefulStop(timeout, GracefulShutdown.Instance);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private Props PropsOf(string room)
    {
        var props = Props.Create(() => new RoomActor(room, services));
        return dispatcher is null ? props : props.WithDispatcher(dispatcher);
    }
}
