using System.Text;
using System.Text.Json;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Node.Hosting.Application;

/// <summary>What the application asks for users: all of it goes in order by the topic that each has.</summary>
internal sealed class BrokerUsers(ApplicationPublishes publishes, TimeProvider time) : IBrokerUsers
{
    public async Task<PublishResult> PublishAsync(string user, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(user);
        var receipt = await publishes.PublishAsync(new Publication { User = user, Data = data }, cancellationToken);
        return receipt.Result;
    }

    public Task<PublishResult> PublishAsync<T>(string user, T value, JsonSerializerOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(user, JsonSerializer.SerializeToUtf8Bytes(value, options), cancellationToken);

    public Task<PublishResult> DisconnectAsync(string user, CancellationToken cancellationToken = default) =>
        publishes.OrderAsync(user, new UserOrder(UserOrderKind.Disconnect, []), cancellationToken);

    public Task<PublishResult> RevokeAsync(string user, CancellationToken cancellationToken = default) =>
        publishes.ChangeRightsAsync(user, new RightsChange(time.GetUtcNow(), null).ToBytes(), isNew: false, cancellationToken);

    public Task<PublishResult> ChangeRightsAsync(string user, RightsOptions rights, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rights);
        return publishes.ChangeRightsAsync(user, new RightsChange(time.GetUtcNow(), rights).ToBytes(), isNew: false, cancellationToken);
    }

    public Task<PublishResult> SubscribeAsync(string user, string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var name = Encoding.UTF8.GetBytes(topic);
        return TopicName.IsValid(name)
            ? publishes.OrderAsync(user, new UserOrder(UserOrderKind.Subscribe, name), cancellationToken)
            : Task.FromResult(PublishResult.InvalidTopic);
    }

    public Task<PublishResult> UnsubscribeAsync(string user, string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var name = Encoding.UTF8.GetBytes(topic);
        return TopicPattern.TryParse(name, out _)
            ? publishes.OrderAsync(user, new UserOrder(UserOrderKind.Unsubscribe, name), cancellationToken)
            : Task.FromResult(PublishResult.InvalidTopic);
    }
}
