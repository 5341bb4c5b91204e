using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>The subscriptions of one connection to patterns: live only, and every request is that of all lanes. Single-threaded: its session's.</summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="self">The connection's actor.</param>
internal sealed class PatternTopics(IClientTransport connection, ConnectionServices services, IActorRef self)
{
    private readonly Dictionary<byte[], PatternSubscription> _subscriptions = new(TopicKeyComparer.Instance);
    private readonly PushForm _form = new(connection.Request!.Format, connection.Request.Deflate);

    public int Count => _subscriptions.Count;

    /// <summary>Of all lanes.</summary>
    public IEnumerable<Subscription> Cursors => _subscriptions.Values.SelectMany(static subscription => subscription.Cursors);

    /// <param name="message">Its topic is a legal pattern, and permitted.</param>
    /// <param name="batch">Holds the message.</param>
    /// <param name="mayAdd">False: the connection has as many subscriptions as it may have.</param>
    public ErrorCode Subscribe(in ClientMessage message, MessageBatch batch, bool mayAdd)
    {
        if (!_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(message.Topic.Span, out var subscription))
        {
            if (!mayAdd)
            {
                return ErrorCode.LimitExceeded;
            }

            subscription = new PatternSubscription(connection.Writer, message.Topic.ToArray(), _form, services.Lanes.Count, IsSequenced(message.Topic.Span));
            _subscriptions.Add(subscription.Pattern, subscription);
        }

        new PatternRequest.Subscribe(subscription, message.Id.Retain(), self, batch).Post(services.Lanes);
        return ErrorCode.None;
    }

    /// <returns>False: there was no subscription.</returns>
    public bool Unsubscribe(in ClientMessage message, MessageBatch batch)
    {
        if (!_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(message.Topic.Span, out _, out var subscription))
        {
            return false;
        }

        new PatternRequest.Unsubscribe(subscription, message.Id.Retain(), batch, reason: null).Post(services.Lanes);
        return true;
    }

    /// <summary>Sends an answer about a pattern behind those to earlier requests about it.</summary>
    public void Answer(ReadOnlySpan<byte> pattern, byte[] message, MessageBatch batch) =>
        new PatternRequest.Answer(connection.Writer, message, services.Lanes.Count, IsSequenced(pattern), batch).Post(services.Lanes);

    private bool IsSequenced(ReadOnlySpan<byte> text) => TopicPattern.TryParse(text, out var pattern) && services.Topics.Settings.MayBeSequenced(pattern);

    /// <summary>A lane did not open its cursor, and the client has been told: those of the others are closed.</summary>
    /// <param name="cursor">The first.</param>
    public void OnRefused(Subscription cursor)
    {
        if (_subscriptions.TryGetValue(cursor.Topic, out var present) && ReferenceEquals(present.Cursors[0], cursor))
        {
            _subscriptions.Remove(cursor.Topic);
            services.Lanes.Leave(present.Cursors);
        }
    }

    /// <summary>After a change of rights to fewer.</summary>
    public void EndLost(Rights rights)
    {
        foreach (var text in _subscriptions.Keys)
        {
            if (!TopicPattern.TryParse(text, out var pattern) || !rights.MaySubscribe(pattern))
            {
                End(text, Router.NotAllowed);
            }
        }
    }

    /// <summary>Nothing happens where there is no such subscription.</summary>
    /// <param name="pattern">UTF-8.</param>
    /// <param name="reason">Told to the client.</param>
    public void End(byte[] pattern, string reason)
    {
        if (_subscriptions.Remove(pattern, out var subscription))
        {
            new PatternRequest.Unsubscribe(subscription, default, batch: null, reason).Post(services.Lanes);
        }
    }

    /// <summary>Nothing is subscribed any more; the cursors are closed by who calls it.</summary>
    public void Clear() => _subscriptions.Clear();
}
