using System.Text.Json;
using Broker.Node.Hosting.Application;
using Broker.Node.Transports.WebSocket;

namespace Broker.Node.Hosting;

/// <summary>What the application asks of the node.</summary>
internal sealed class BrokerApi(SystemModule system, NodeHealth health, OpenConnections open, ApplicationPublishes publishes, TopicQuestions questions, ServerSubscriptions subscriptions, IBrokerUsers users) : IBroker
{
    public NodeState State => new(system.Identity.Name, health.Ready, open.Count, system.Members);

    public Task Ready => health.ReadyForClients;

    public IBrokerUsers Users => users;

    public Task<PublishResult> PublishAsync<T>(string topic, T value, JsonSerializerOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(topic, JsonSerializer.SerializeToUtf8Bytes(value, options), cancellationToken);

    public async Task<PublishResult> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var receipt = await publishes.PublishAsync(new Publication { Topic = topic, Data = data }, cancellationToken);
        return receipt.Result;
    }

    public Task<PublishReceipt> PublishAsync(Publication publication, CancellationToken cancellationToken = default) => publishes.PublishAsync(publication, cancellationToken);

    public Task<IReadOnlyList<PublishReceipt>> PublishAsync(IReadOnlyList<Publication> batch, CancellationToken cancellationToken = default) => publishes.PublishAsync(batch, cancellationToken);

    public Task<HistoryPage> HistoryAsync(string topic, HistoryQuery? query = null, CancellationToken cancellationToken = default) =>
        questions.HistoryAsync(topic, query ?? new HistoryQuery(), cancellationToken);

    public Task<PresencePage> PresenceAsync(string topic, PresenceQuery? query = null, CancellationToken cancellationToken = default) =>
        questions.PresenceAsync(topic, query ?? new PresenceQuery(), cancellationToken);

    public IAsyncEnumerable<BrokerMessage> SubscribeAsync(string topic, SubscribeOptions? options = null, CancellationToken cancellationToken = default) =>
        subscriptions.SubscribeAsync(topic, options ?? new SubscribeOptions(), cancellationToken);
}
