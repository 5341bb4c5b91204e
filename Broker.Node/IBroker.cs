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

    /// <summary>As <see cref="PublishAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/>, with all that can be said of a publish.</summary>
    /// <exception cref="ArgumentException">Neither topic nor user, or both.</exception>
    Task<PublishReceipt> PublishAsync(Publication publication, CancellationToken cancellationToken = default);

    /// <summary>Publishes many, each as if it were alone: where one is refused the others are not.</summary>
    /// <param name="batch">At most 16,384.</param>
    /// <param name="cancellationToken">Ends the wait, not the publishes.</param>
    /// <returns>One receipt for each, in the order given; completes with the last of them.</returns>
    /// <exception cref="ArgumentException">Too many, or one that names neither topic nor user, or both; nothing was done.</exception>
    Task<IReadOnlyList<PublishReceipt>> PublishAsync(IReadOnlyList<Publication> batch, CancellationToken cancellationToken = default);

    /// <summary>What a topic with history has kept. It is bounded by bytes too: a page may have fewer messages than asked for, and more behind them.</summary>
    /// <param name="topic">A topic name.</param>
    /// <param name="query">Which messages; null: the oldest hundred.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is none.</exception>
    Task<HistoryPage> HistoryAsync(string topic, HistoryQuery? query = null, CancellationToken cancellationToken = default);

    /// <summary>Who is at a topic with presence, in the whole cluster.</summary>
    /// <param name="topic">A topic name.</param>
    /// <param name="query">Which members; null: the first hundred.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The limit is none, or <see cref="PresenceQuery.After"/> is of no page.</exception>
    Task<PresencePage> PresenceAsync(string topic, PresenceQuery? query = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Subscribes to a topic, or to all that a pattern matches, with the server's own rights. The first message is
    /// <see cref="BrokerMessageKind.Subscribed"/>; leaving the loop, and cancelling, ends the subscription.
    /// </summary>
    /// <param name="topic">A topic name, or a pattern: of one there is nothing to recover, nothing from before, and no presence.</param>
    /// <param name="options">Null: only what comes from now on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is none.</exception>
    /// <exception cref="BrokerSubscriptionException">It was refused, or has ended; thrown by the enumeration.</exception>
    IAsyncEnumerable<BrokerMessage> SubscribeAsync(string topic, SubscribeOptions? options = null, CancellationToken cancellationToken = default);
}
