using System.Globalization;
using Akka.Cluster.Sharding;
using Broker.Node.Lanes;
using Broker.Node.Topics;

namespace Broker.Node.Rooms;

/// <summary>The entity of a room has its id; its shard is one of <see cref="TopicName.Partitions"/>, by the hash of the id.</summary>
internal sealed class RoomExtractor : IMessageExtractor
{
    public string? EntityId(object message) => (message as RoomInput)?.Room;

    public object? EntityMessage(object message) => message;

    public string? ShardId(object message) => message is RoomInput input ? ShardId(input.Room) : null;

    public string ShardId(string entityId, object? messageHint = null) =>
        TopicName.PartitionOf(TopicName.Hash(TopicName.OfRoom(entityId))).ToString(CultureInfo.InvariantCulture);
}
