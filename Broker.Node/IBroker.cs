using System.Text.Json;

namespace Broker.Node;

/// <summary>The node inside this process, by injection. Thread-safe.</summary>
public interface IBroker
{
    /// <summary>The node's state at this moment.</summary>
    NodeState State { get; }

    /// <summary>Completes when the node serves clients for the first time.</summary>
    Task Ready { get; }

    /// <summary>Publishes to users, and asks something of their connections.</summary>
    IBrokerUsers Users { get; }

    /// <summary>
    /// Publishes to a topic on every node, with the server's own rights. Subscribers of a topic see the publishes in the
    /// order of the calls, awaited or not.
    /// </summary>
    /// <param name="topic">A topic name.</param>
    /// <param name="data">One JSON value, UTF-8, at most <c>broker.limits.api-message</c> bytes; may be reused when the task has completed.</param>
    /// <param name="cancellationToken">Ends the wait, not the publish.</param>
    /// <returns>
    /// Completes when the publish has been appended on this node and handed to the links of the others; on a sequenced topic when it is
    /// where it survives the death of a node.
    /// </returns>
    Task<PublishResult> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="PublishAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/>, with a value to serialise.</summary>
    Task<PublishResult> PublishAsync<T>(string topic, T value, JsonSerializerOptions? options = null, CancellationToken cancellationToken = default);
}
