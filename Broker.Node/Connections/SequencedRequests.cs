using System.Buffers.Text;
using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>Topics with one order for all: every request goes by its lane to whoever owns the topic. Single-threaded: its session's.</summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="auth">Who asks.</param>
/// <param name="self">The connection's actor.</param>
internal sealed class SequencedRequests(IClientTransport connection, ConnectionServices services, SessionAuth auth, IActorRef self) : ITopicRequests
{
    /// <summary>Members in the answer to <c>subscribe</c>.</summary>
    private const int ShownMembers = 100;

    /// <summary>Messages, or members, in an answer to a question that names no limit.</summary>
    private const int DefaultLimit = 100;

    private readonly WireFormat _format = connection.Request!.Format;

    public ErrorCode MayPublish(in ClientMessage message, TopicOptions topic) =>
        topic.Keep != KeepPolicy.Latest && (!message.Entry.IsEmpty || message.Remove || message.If is not null) ? ErrorCode.Unsupported : ErrorCode.None;

    public ErrorCode MaySubscribe(in ClientMessage message, TopicOptions topic)
    {
        var wantsHistory = message.Last is > 0;
        if ((wantsHistory && topic.History.Size == 0) || (message.Presence && !topic.Presence))
        {
            return ErrorCode.Unsupported;
        }

        return (wantsHistory && !auth.Identity!.Rights.MayReadHistory(message.Topic.Span)) || (message.Presence && !auth.Identity!.Rights.MaySeePresence(message.Topic.Span))
            ? ErrorCode.Forbidden
            : ErrorCode.None;
    }

    public void Publish(in ClientMessage message, TopicOptions topic, ReadOnlyMemory<byte> data, MessageBatch batch)
    {
        batch.Retain();
        services.Lanes.Post(new PublishCommand(TopicName.Hash(message.Topic.Span), message.Topic, data)
        {
            IsSequenced = true,
            Format = _format,
            Batch = batch,
            Publisher = connection.Writer,
            Id = message.Id.Retain(),
            Echo = message.Echo,
            FromConnection = topic.Sender ? Encoding.UTF8.GetBytes(services.Node.NameOf(connection)) : default,
            FromUser = topic.Sender && auth.Identity!.User is { } user ? Encoding.UTF8.GetBytes(user) : default,
            FromInfo = topic.Sender ? auth.Info : default,
            Time = topic.Time ? services.Time.GetUtcNow().ToUnixTimeMilliseconds() : null,
            Key = message.Key.IsEmpty ? null : KeyOf(message.Key.Span),
            Entry = message.Entry,
            IsRemoval = message.Remove,
            If = message.If is { } condition ? TopicEpoch.FromWire(condition) : null,
        });
    }

    public Subscription NewSubscription(in ClientMessage message, TopicOptions topic, PushForm form)
    {
        var name = message.Topic.ToArray();
        return new Subscription(connection.Writer, name, TopicName.Hash(name))
        {
            IsSequenced = true,
            Form = form with { Presence = message.Presence },
            Slow = topic.Slow,
            Member = topic.Presence ? Member() : [],
            MemberInfo = topic.Presence ? auth.Info : default,
        };
    }

    public void Subscribe(in ClientMessage message, TopicOptions topic, Subscription subscription, MessageBatch? batch, string? reason = null)
    {
        batch?.Retain();
        services.Lanes.Post(new SubscribeCommand(subscription, message.Id.Retain(), topic.MaxSubscribers, self)
        {
            IsSequenced = true,
            Batch = batch,
            Reason = reason,
            Recover = message.Recover is { } position ? TopicEpoch.FromWire(position) : null,
            Last = message.Last ?? 0,
            ShownMembers = message.Presence ? ShownMembers : 0,
        });
    }

    public void Unsubscribe(Subscription subscription, WireId id, MessageBatch? batch, string? reason = null)
    {
        batch?.Retain();
        services.Lanes.Post(new UnsubscribeCommand(subscription, id.Retain()) { IsSequenced = true, Batch = batch, Reason = reason });
    }

    public ErrorCode Ask(in ClientMessage message, TopicOptions topic, MessageBatch batch)
    {
        var rights = auth.Identity!.Rights;
        var isHistory = message.Type == ClientMessageType.History;
        if (isHistory ? topic.History.Size == 0 : !topic.Presence)
        {
            return ErrorCode.Unsupported;
        }

        if (!(isHistory ? rights.MayReadHistory(message.Topic.Span) : rights.MaySeePresence(message.Topic.Span)))
        {
            return ErrorCode.Forbidden;
        }

        return Ask(message, message.Topic.ToArray(), batch);
    }

    /// <summary>As <see cref="Ask(in ClientMessage, TopicOptions, MessageBatch)"/>, of what may be asked about a topic of any name.</summary>
    public ErrorCode Ask(in ClientMessage message, byte[] topic, MessageBatch batch)
    {
        if (!TryParseAfter(message.After.Span, out var after))
        {
            return ErrorCode.InvalidMessage;
        }

        var isHistory = message.Type == ClientMessageType.History;
        var query = new TopicQuery(isHistory ? TopicQueryKind.History : TopicQueryKind.Presence, topic)
        {
            Since = message.Since is { } since ? TopicEpoch.FromWire(since) : null,
            Limit = message.Limit ?? DefaultLimit,
            Reverse = message.Reverse,
            Members = isHistory ? 0 : message.Limit ?? DefaultLimit,
            MembersAfter = after,
        };
        batch.Retain();
        services.Lanes.Post(new ClientQuestion(query, connection.Writer, message.Id.Retain(), batch) { IsSequenced = true, Format = _format });
        return ErrorCode.None;
    }

    private static bool TryParseAfter(ReadOnlySpan<byte> text, out long after)
    {
        after = 0;
        return text.IsEmpty || (Utf8Parser.TryParse(text, out after, out var read) && read == text.Length && after >= 0);
    }

    /// <summary>The length keeps the keys of one user apart from those of another.</summary>
    private byte[] KeyOf(ReadOnlySpan<byte> key)
    {
        var member = Member();
        return [(byte)member.Length, .. member, .. key];
    }

    /// <summary>The user; of nobody known by name the connection.</summary>
    private byte[] Member() => Encoding.UTF8.GetBytes(auth.Identity!.User ?? services.Node.NameOf(connection));
}
