using System.Text;
using System.Text.Json;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Lanes;
using Broker.Node.Topics;

namespace Broker.Node.Hosting;

/// <summary>What the application asks for users: all of it goes in order by the topic that each has.</summary>
/// <param name="api">Posts it.</param>
/// <param name="options">Whether there are such topics.</param>
internal sealed class BrokerUsers(BrokerApi api, UserTopicOptions options) : IBrokerUsers
{
    public Task<PublishResult> PublishAsync(string user, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        api.PublishAsync(TopicOf(user), data, cancellationToken);

    public Task<PublishResult> PublishAsync<T>(string user, T value, JsonSerializerOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(user, JsonSerializer.SerializeToUtf8Bytes(value, options), cancellationToken);

    public Task<PublishResult> DisconnectAsync(string user, CancellationToken cancellationToken = default) =>
        api.OrderAsync(TopicOf(user), new UserOrder(UserOrderKind.Disconnect, []), cancellationToken);

    public Task<PublishResult> SubscribeAsync(string user, string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var name = Encoding.UTF8.GetBytes(topic);
        return TopicName.IsValid(name)
            ? api.OrderAsync(TopicOf(user), new UserOrder(UserOrderKind.Subscribe, name), cancellationToken)
            : throw new ArgumentException($"'{topic}' is no topic.", nameof(topic));
    }

    public Task<PublishResult> UnsubscribeAsync(string user, string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var name = Encoding.UTF8.GetBytes(topic);
        return TopicPattern.TryParse(name, out _)
            ? api.OrderAsync(TopicOf(user), new UserOrder(UserOrderKind.Unsubscribe, name), cancellationToken)
            : throw new ArgumentException($"'{topic}' is no topic or pattern.", nameof(topic));
    }

    private byte[] TopicOf(string user)
    {
        ArgumentNullException.ThrowIfNull(user);
        if (!options.Enabled)
        {
            throw new InvalidOperationException("broker.user-topic.enabled is off: users have no topic.");
        }

        var name = Encoding.UTF8.GetBytes(user);
        return name.Length is > 0 and <= JwtClaimRules.MaxSubject
            ? TopicName.OfUser(name)
            : throw new ArgumentException($"A user has 1 to {JwtClaimRules.MaxSubject} bytes.", nameof(user));
    }
}
