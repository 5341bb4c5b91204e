using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>What a session answers by itself: replies keep the order of the requests per topic, though other answers are a lane's. Single-threaded: its session's.</summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="router">Knows what topics are called.</param>
/// <param name="patterns">Takes answers about patterns.</param>
/// <param name="meter">Counts refusals.</param>
/// <param name="abused">Told where there were too many.</param>
internal sealed class SessionReplies(IClientTransport connection, ConnectionServices services, Router router, PatternTopics patterns, RequestMeter meter, Action<AbuseKind> abused)
{
    private IWireCodec Codec => connection.Writer.Framing.Codec;

    private long Now => services.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Holds the request in hand; null: there is none.</summary>
    public MessageBatch? Batch { get; set; }

    public void Fail(ErrorCode code, WireId id, ReadOnlyMemory<byte> topic = default, long? retryAfter = null, string? text = null)
    {
        // Before the client can know of it: what it sends then is counted later.
        var isAbuse = code == ErrorCode.Forbidden && meter.Forbidden();
        Refuse(new ErrorMessage(code, id)
        {
            // What cannot be a topic is not reflected back.
            Topic = topic.Length <= TopicName.MaxLength ? topic : default,
            RetryAfter = retryAfter,
            Text = text,
        });
        if (isAbuse)
        {
            abused(AbuseKind.Forbidden);
        }
    }

    /// <summary>Says no where nobody has to suspect the client.</summary>
    public void Refuse(in ErrorMessage error)
    {
        services.Metrics.RequestRefused(error.Code);
        var reply = MessageBuffer.OfThread;
        Codec.Write(reply, error);
        Send(error.Topic, reply);
    }

    public void FailUnlessNone(ErrorCode error, in ClientMessage message)
    {
        if (error != ErrorCode.None)
        {
            Fail(error, message.Id, message.Topic);
        }
    }

    /// <summary>Whether the application allows it; else the client is told.</summary>
    public bool IsAllowed(HookVerdict verdict, WireId id, ReadOnlyMemory<byte> topic = default)
    {
        if (verdict.Error != ErrorCode.None)
        {
            Fail(verdict.Error, id, topic, verdict.Error == ErrorCode.Unavailable ? LaneReplies.RetryAfter : null, verdict.Reason);
        }

        return verdict.Error == ErrorCode.None;
    }

    /// <param name="identity">Null: it must authenticate.</param>
    public void Welcome(Identity? identity)
    {
        var (limits, rate) = (services.Options.Limits, services.Options.Rate);
        var reply = MessageBuffer.OfThread;
        Codec.Write(reply, new WelcomeMessage(
            services.Node.NameOf(connection),
            services.Node.Name,
            Now,
            identity is null ? AuthState.Required : identity.User is null ? AuthState.Optional : AuthState.Done,
            (int)services.Options.Heartbeat.Interval.TotalMilliseconds,
            new WelcomeLimits(limits.Message, limits.Subscriptions, rate.Messages, rate.Burst))
        {
            User = identity?.User,
            Expires = identity?.Expires?.ToUnixTimeMilliseconds(),
            Session = connection.Request!.Session,
            Message = services.Options.Greeting,
        });
        connection.Writer.Reply(reply);
    }

    public void Pong(WireId id)
    {
        var reply = MessageBuffer.OfThread;
        Codec.Write(reply, new PongMessage(id, Now));
        connection.Writer.Reply(reply);
    }

    /// <summary>Behind the answers to earlier requests on the topic, if it is one and any request is still with a lane.</summary>
    public void Send(ReadOnlyMemory<byte> topic, MessageBuffer reply)
    {
        if (Batch is not { } batch || !(batch.IsShared || connection.InFlight > batch.Length) || !TopicName.MayBeSubscribed(topic.Span))
        {
            connection.Writer.Reply(reply);
        }
        else if (TopicPattern.HasWildcard(topic.Span))
        {
            patterns.Answer(topic.Span, reply.Written.ToArray(), batch);
        }
        else
        {
            batch.Retain();
            var name = router.NameOf(topic);
            services.Lanes.Post(new ReplyCommand(TopicName.Hash(name.Span), name, connection.Writer, reply.Written.ToArray(), batch)
            {
                IsSequenced = services.Topics.Settings.Of(name.Span).Delivery == DeliveryKind.Sequenced,
            });
        }
    }
}
