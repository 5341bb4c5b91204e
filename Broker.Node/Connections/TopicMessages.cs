using Broker.Node.Delivery;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// What a client says about topics: asks the application first, where it has a hook for that, and gives it to the <see cref="Router"/> then.
/// Single-threaded: its session's.
/// </summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="auth">What the client may do.</param>
/// <param name="router">Takes what is allowed.</param>
/// <param name="replies">Tell the client why not.</param>
/// <param name="hooks">Ask the application; null: it has none.</param>
internal sealed class TopicMessages(IClientTransport connection, ConnectionServices services, SessionAuth auth, Router router, SessionReplies replies, SessionHooks? hooks)
{
    public void Publish(in ClientMessage message, MessageBatch batch)
    {
        if (!services.Hooks.AsksPublish)
        {
            replies.FailUnlessNone(router.Publish(message, batch), message);
        }
        else if (router.MayPublish(message.Topic.Span) is not ErrorCode.None and var error)
        {
            replies.Fail(error, message.Id, message.Topic);
        }
        else
        {
            AskPublish(message, batch);
        }
    }

    public void Subscribe(in ClientMessage message, MessageBatch batch)
    {
        if (!message.Token.IsEmpty && auth.Grant(message.Token.Span) is not ErrorCode.None and var refused)
        {
            replies.Fail(refused, message.Id, message.Topic);
        }
        else if (!services.Hooks.AsksSubscribe || OwnTopic.Is(message.Topic.Span))
        {
            replies.FailUnlessNone(router.Subscribe(message, batch), message);
        }
        else if (router.MaySubscribe(message.Topic.Span) is not ErrorCode.None and var error)
        {
            replies.Fail(error, message.Id, message.Topic);
        }
        else
        {
            AskSubscribe(message, batch);
        }
    }

    /// <summary>Rights are looked at again by then: they may have ended meanwhile.</summary>
    private void AskSubscribe(ClientMessage message, MessageBatch batch) => hooks!.AskSubscribe(auth.Identity!.User, message.Topic, verdict =>
    {
        if (replies.IsAllowed(verdict, message.Id, message.Topic))
        {
            replies.FailUnlessNone(router.Subscribe(message, batch), message);
        }
    });

    /// <inheritdoc cref="AskSubscribe"/>
    private void AskPublish(ClientMessage message, MessageBatch batch) => hooks!.AskPublish(auth.Identity!.User, message.Topic, message.Data, verdict =>
    {
        if (replies.IsAllowed(verdict, message.Id, message.Topic))
        {
            replies.FailUnlessNone(router.Publish(message, batch), message);
        }
    });

    public void Unsubscribe(in ClientMessage message, MessageBatch batch)
    {
        if (router.IsOwn(message.Topic.Span))
        {
            replies.Fail(ErrorCode.Unsupported, message.Id, message.Topic);
            return;
        }

        if (router.Unsubscribe(message, batch))
        {
            return;
        }

        if (TopicName.MayBeSubscribed(message.Topic.Span))
        {
            // Not past the lane: an earlier request may be on its way there, which ends what still comes.
            var reply = MessageBuffer.OfThread;
            connection.Writer.Framing.Codec.Write(reply, new UnsubscribedMessage(message.Id, message.Topic));
            replies.Send(message.Topic, reply);
        }
        else
        {
            replies.Fail(ErrorCode.InvalidTopic, message.Id, message.Topic);
        }
    }
}
