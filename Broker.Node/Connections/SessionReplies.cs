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
    /// <summary>Holds the request in hand; null: there is none.</summary>
    public MessageBatch? Batch { get; set; }

    public void Fail(ErrorCode code, WireId id, ReadOnlyMemory<byte> topic = default, long? retryAfter = null, string? text = null)
    {
        services.Metrics.RequestRefused(code);
        var reply = MessageBuffer.OfThread;

        // What cannot be a topic is not reflected back.
        var error = new ErrorMessage(code, id) { Topic = topic.Length <= TopicName.MaxLength ? topic : default, RetryAfter = retryAfter, Text = text };
        connection.Writer.Framing.Codec.Write(reply, error);
        Send(topic, reply);
        if (code == ErrorCode.Forbidden && meter.Forbidden())
        {
            abused(AbuseKind.Forbidden);
        }
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
