using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// The topics of one connection: checks what its client asks of them and routes it by the topic's delivery. Single-threaded: its
/// session's.
/// </summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="auth">What the client may do.</param>
/// <param name="patterns">Takes what is asked of patterns.</param>
/// <param name="broadcast">Takes what is asked of topics with <see cref="DeliveryKind.Broadcast"/>.</param>
/// <param name="sequenced">Takes what is asked of topics with <see cref="DeliveryKind.Sequenced"/>.</param>
/// <param name="own">Takes what is asked of <c>$user</c>.</param>
internal sealed class Router(IClientTransport connection, ConnectionServices services, SessionAuth auth, PatternTopics patterns, ITopicRequests broadcast, ITopicRequests sequenced, OwnTopic own)
{
    /// <summary>Told to a client whose subscription the application made or ended.</summary>
    public const string ByServer = "by the server";

    /// <summary>Told to a client whose subscription ends with its right.</summary>
    public const string NotAllowed = "not allowed any more";

    private readonly Dictionary<byte[], Subscription> _subscriptions = new(TopicKeyComparer.Instance);
    private readonly PushForm _form = new(connection.Request!.Format, connection.Request.Deflate);
    private readonly LimitOptions _limits = services.Options.Limits;

    /// <summary>Topics that the application wants the connection to have, and that their owners had no room or no answer for.</summary>
    private readonly HashSet<byte[]> _again = new(TopicKeyComparer.Instance);
    private DateTimeOffset? _due;

    /// <summary>Cursors of topics, those that every lane has of a pattern, and that of <c>$user</c>.</summary>
    public IEnumerable<Subscription> Subscriptions
    {
        get
        {
            IEnumerable<Subscription> all = patterns.Count == 0 ? _subscriptions.Values : _subscriptions.Values.Concat(patterns.Cursors);
            return own.Subscription is { } ownSubscription ? all.Append(ownSubscription) : all;
        }
    }

    /// <summary>When something is to be asked for again; null: nothing is.</summary>
    public DateTimeOffset? Due => own.Due is { } due && !(due > _due) ? due : _due;

    private Rights Rights => auth.Identity!.Rights;

    private bool MayAdd => _subscriptions.Count + patterns.Count < _limits.Subscriptions;

    /// <summary>Whether it is the <c>$user</c> of a user who has one.</summary>
    public bool IsOwn(ReadOnlySpan<byte> topic) => OwnTopic.Is(topic) && own.Exists;

    /// <summary>What a topic is called on the node: <c>$user</c> is that of this connection's user.</summary>
    public ReadOnlyMemory<byte> NameOf(ReadOnlyMemory<byte> topic) => OwnTopic.Is(topic.Span) && own.Subscription is { } present ? present.Topic : topic;

    /// <summary>Why a publish would be refused whatever its data.</summary>
    public ErrorCode MayPublish(ReadOnlySpan<byte> topic) => Check(topic, Rights.MayPublish(topic));

    /// <summary>Why a subscribe would be refused, but for the number of subscriptions.</summary>
    public ErrorCode MaySubscribe(ReadOnlySpan<byte> topic)
    {
        if (OwnTopic.Is(topic))
        {
            return ErrorCode.None;
        }

        if (!TopicPattern.HasWildcard(topic) || TopicName.IsReserved(topic))
        {
            return Check(topic, Rights.MaySubscribe(topic));
        }

        return !TopicPattern.TryParse(topic, out var pattern) ? ErrorCode.InvalidTopic
            : Rights.MaySubscribe(pattern) ? ErrorCode.None
            : ErrorCode.Forbidden;
    }

    public ErrorCode Publish(in ClientMessage message, MessageBatch batch)
    {
        var topic = message.Topic.Span;
        var error = MayPublish(topic);
        if (error != ErrorCode.None)
        {
            return error;
        }

        var settings = services.Topics.Settings.Of(topic);
        var requests = Of(settings);
        error = requests.MayPublish(message, settings);
        var data = message.Remove ? default : message.Data;
        if (error == ErrorCode.None && !message.Remove)
        {
            error = services.Topics.Payloads.Apply(settings, _form.Format, _limits.Message, ref data);
        }

        if (error == ErrorCode.None)
        {
            requests.Publish(message, settings, data, batch);
        }

        return error;
    }

    public ErrorCode Subscribe(in ClientMessage message, MessageBatch batch)
    {
        var topic = message.Topic.Span;
        var error = MaySubscribe(topic);
        if (error != ErrorCode.None)
        {
            return error;
        }

        if (OwnTopic.Is(topic))
        {
            return own.Subscribe(message, batch);
        }

        if (TopicPattern.HasWildcard(topic))
        {
            return patterns.Subscribe(message, batch, MayAdd);
        }

        var settings = services.Topics.Settings.Of(topic);
        var requests = Of(settings);
        error = requests.MaySubscribe(message, settings);
        if (error != ErrorCode.None)
        {
            return error;
        }

        if (!_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var subscription))
        {
            if (!MayAdd)
            {
                return ErrorCode.LimitExceeded;
            }

            subscription = requests.NewSubscription(message, settings, _form);
            _subscriptions.Add(subscription.Topic, subscription);
        }

        requests.Subscribe(message, settings, subscription, batch);
        return ErrorCode.None;
    }

    /// <summary>The history of a topic, or who is there.</summary>
    public ErrorCode Ask(in ClientMessage message, MessageBatch batch)
    {
        var topic = message.Topic.Span;
        if (OwnTopic.Is(topic))
        {
            return own.Ask(message, batch);
        }

        var error = Check(topic, permitted: true);
        return error == ErrorCode.None ? Of(topic).Ask(message, services.Topics.Settings.Of(topic), batch) : error;
    }

    /// <returns>False: there was no subscription.</returns>
    public bool Unsubscribe(in ClientMessage message, MessageBatch batch)
    {
        if (!_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(message.Topic.Span, out _, out var subscription))
        {
            return patterns.Unsubscribe(message, batch);
        }

        Of(subscription).Unsubscribe(subscription, message.Id, batch);
        return true;
    }

    /// <summary>The application wants the connection to have a topic.</summary>
    public void SubscribeByServer(byte[] topic)
    {
        if (_subscriptions.TryGetValue(topic, out var present))
        {
            present.IsByServer = true;
        }
        else if (!MayAdd)
        {
            services.Metrics.RequestRefused(ErrorCode.LimitExceeded);
        }
        else
        {
            var message = new ClientMessage { Type = ClientMessageType.Subscribe, Topic = topic };
            var settings = services.Topics.Settings.Of(topic);
            var requests = Of(settings);
            var subscription = requests.NewSubscription(message, settings, _form);
            subscription.IsByServer = true;
            _subscriptions.Add(subscription.Topic, subscription);
            requests.Subscribe(message, settings, subscription, batch: null, ByServer);
        }
    }

    /// <summary>The application wants the connection to have a topic or pattern no more.</summary>
    public void UnsubscribeByServer(byte[] topic)
    {
        _again.Remove(topic);
        if (_subscriptions.Remove(topic, out var subscription))
        {
            Of(subscription).Unsubscribe(subscription, default, null, ByServer);
        }
        else
        {
            patterns.End(topic, ByServer);
        }
    }

    /// <summary>Asks again for what the connection is to have, where it is time. Safe to repeat.</summary>
    public void OpenDue()
    {
        own.Open();
        if (_due <= services.Time.GetUtcNow())
        {
            _due = null;
            byte[][] again = [.. _again];
            _again.Clear();
            Array.ForEach(again, SubscribeByServer);
        }
    }

    /// <summary>A lane did not open it: where the client asked, it has been told.</summary>
    public void OnRefused(Subscription subscription)
    {
        if (own.OnRefused(subscription))
        {
            return;
        }

        if (subscription.Gate is not null)
        {
            patterns.OnRefused(subscription);
        }
        else if (_subscriptions.TryGetValue(subscription.Topic, out var present) && ReferenceEquals(present, subscription))
        {
            _subscriptions.Remove(subscription.Topic);
            if (subscription.IsByServer)
            {
                _again.Add(subscription.Topic);
                _due = services.Time.GetUtcNow() + OwnTopic.RetryAfter;
            }
        }
    }

    /// <summary>After a change of rights to fewer.</summary>
    public void EndLost()
    {
        foreach (var (topic, subscription) in _subscriptions)
        {
            if (!subscription.IsByServer && !Rights.MaySubscribe(topic))
            {
                _subscriptions.Remove(topic);
                Of(subscription).Unsubscribe(subscription, default, null, NotAllowed);
            }
        }

        patterns.EndLost(Rights);
    }

    /// <summary>What waits on topics where a slow subscriber may miss something is skipped.</summary>
    public void SkipLagging()
    {
        foreach (var subscription in _subscriptions.Values)
        {
            if (subscription.Slow != SlowPolicy.Disconnect && subscription.Lag > 0 && subscription.RequestSkip())
            {
                services.Metrics.Skipped(subscription.Slow, 1);
            }
        }
    }

    /// <summary>Nothing more is delivered. Safe to repeat.</summary>
    public void End()
    {
        services.Lanes.Leave(Subscriptions);
        _subscriptions.Clear();
        patterns.Clear();
        _again.Clear();
        own.Clear();
    }

    private ITopicRequests Of(Subscription subscription) => subscription.IsSequenced ? sequenced : broadcast;

    private ITopicRequests Of(ReadOnlySpan<byte> topic) => Of(services.Topics.Settings.Of(topic));

    private ITopicRequests Of(TopicOptions topic) => topic.Delivery switch
    {
        DeliveryKind.Broadcast => broadcast,
        DeliveryKind.Sequenced => sequenced,
        _ => throw new ArgumentOutOfRangeException(nameof(topic)),
    };

    private static ErrorCode Check(ReadOnlySpan<byte> topic, bool permitted) =>
        TopicName.IsOfRooms(topic, out _) ? permitted ? ErrorCode.None : ErrorCode.Forbidden
        : TopicName.IsReserved(topic) ? ErrorCode.Forbidden
        : !TopicName.IsValid(topic) ? ErrorCode.InvalidTopic
        : permitted ? ErrorCode.None
        : ErrorCode.Forbidden;
}
