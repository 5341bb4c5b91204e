using System.Globalization;
using System.Text;
using Akka.Cluster.Sharding;
using Broker.Node.Topics;

namespace Broker.Node.Ownership;

/// <summary>Entities with names, spread over shards by the hash that all nodes have in common.</summary>
/// <param name="shards">The same on every node, for ever.</param>
/// <param name="nameOf">Of the entity that a message is for; null: the message is for none.</param>
/// <param name="keyOf">What of an entity's name is hashed, UTF-8; null: the name.</param>
internal sealed class NameExtractor(int shards, Func<object, string?> nameOf, Func<string, byte[]>? keyOf = null) : IMessageExtractor
{
    public string? EntityId(object message) => nameOf(message);

    public object? EntityMessage(object message) => message;

    public string? ShardId(object message) => EntityId(message) is { } name ? ShardId(name) : null;

    public string ShardId(string entityId, object? messageHint = null) =>
        (TopicName.Hash(keyOf is null ? Encoding.UTF8.GetBytes(entityId) : keyOf(entityId)) % (uint)shards).ToString(CultureInfo.InvariantCulture);
}
