using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Broker.Node.Lanes;
using Broker.Node.Ownership;
using Broker.Node.Topics;

namespace Broker.Node.Rooms;

/// <summary>The shard region of the rooms. A room runs where the partition is owned that keeps its record, so that a snapshot travels to the copy alone.</summary>
internal static class RoomRegion
{
    /// <summary>The same on every node.</summary>
    public const string Name = "rooms";

    /// <param name="system">Where it runs.</param>
    /// <param name="settings">Of the broker's regions.</param>
    /// <param name="services">Of all rooms.</param>
    /// <param name="dispatcher">Of the rooms' actors.</param>
    public static NodeRegion On(ActorSystem system, ClusterShardingSettings settings, RoomServices services, string dispatcher) => new(
        () => ClusterSharding.Get(system).StartAsync(
            Name,
            room => Props.Create(() => new RoomActor(room, services)).WithDispatcher(dispatcher),
            settings,
            new NameExtractor(TopicName.Partitions, static message => (message as RoomInput)?.Room, TopicName.OfRoom),
            new PartitionAllocation(Cluster.Get(system)),
            RoomActor.Stop.Instance),
        region => services.Runs.Region = region);
}
