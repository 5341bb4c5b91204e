using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>Topics whose messages are live only: every request is the lane's. Single-threaded: its session's.</summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="auth">Who publishes.</param>
/// <param name="self">The connection's actor.</param>
internal sealed class BroadcastRequests(IClientTransport connection, ConnectionServices services, SessionAuth auth, IActorRef self) : ITopicRequests
{
    private readonly WireFormat _format = connection.Request!.Format;

    public ErrorCode MayPublish(in ClientMessage message, TopicOptions topic) =>
        message.Key.IsEmpty && message.Entry.IsEmpty && !message.Remove && message.If is null ? ErrorCode.None : ErrorCode.Unsupported;

    public ErrorCode MaySubscribe(in ClientMessage message, TopicOptions topic) =>
        message.Last is > 0 || message.Presence ? ErrorCode.Unsupported : ErrorCode.None;

    public ErrorCode Ask(in ClientMessage message, TopicOptions topic, MessageBatch batch) => ErrorCode.Unsupported;

    public Subscription NewSubscription(in ClientMessage message, TopicOptions topic, PushForm form)
    {
        var name = message.Topic.ToArray();
        return new Subscription(connection.Writer, name, TopicName.Hash(name)) { Form = form, Slow = topic.Slow };
    }

    public void Publish(in ClientMessage message, TopicOptions topic, ReadOnlyMemory<byte> data, MessageBatch batch)
    {
        batch.Retain();
        services.Lanes.Post(new PublishCommand(TopicName.Hash(message.Topic.Span), message.Topic, data)
        {
            Format = _format,
            Batch = batch,
            Publisher = connection.Writer,
            Id = message.Id,
            Echo = message.Echo,
            FromConnection = topic.Sender ? Encoding.UTF8.GetBytes(services.Node.NameOf(connection)) : default,
            FromUser = topic.Sender && auth.Identity!.User is { } user ? Encoding.UTF8.GetBytes(user) : default,
            FromInfo = topic.Sender ? auth.Info : default,
            Time = topic.Time ? services.Time.GetUtcNow().ToUnixTimeMilliseconds() : null,
        });
    }

    public void Subscribe(in ClientMessage message, TopicOptions topic, Subscription subscription, MessageBatch? batch, string? reason = null)
    {
        batch?.Retain();
        services.Lanes.Post(new SubscribeCommand(subscription, message.Id.Retain(), topic.MaxSubscribers, self)
        {
            Batch = batch,
            Reason = reason,
            AskedToRecover = message.Recover is not null,
        });
    }

    public void Unsubscribe(Subscription subscription, WireId id, MessageBatch? batch, string? reason = null)
    {
        batch?.Retain();
        services.Lanes.Post(new UnsubscribeCommand(subscription, id.Retain()) { Batch = batch, Reason = reason });
    }
}
