using System.Globalization;
using Akka.Cluster.Sharding;

namespace Broker.Node.Ownership;

/// <summary>Entity and shard of a partition both have its number as their id: each partition moves by itself.</summary>
internal sealed class PartitionExtractor : IMessageExtractor
{
    public string? EntityId(object message) => message is PartitionPoke poke ? poke.Partition.ToString(CultureInfo.InvariantCulture) : null;

    public object? EntityMessage(object message) => message;

    public string? ShardId(object message) => EntityId(message);

    public string ShardId(string entityId, object? messageHint = null) => entityId;
}
