using System.Runtime.CompilerServices;
using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Hosting.Application;

/// <summary>The subscriptions of the application, until they end. Thread-safe.</summary>
internal sealed class ServerSubscriptions
{
    /// <summary>Subscriptions at once; one more is refused with <c>limit_exceeded</c>.</summary>
    public const int Most = 4096;

    /// <summary>Members in the first message.</summary>
    private const int ShownMembers = 100;

    private const int SmallestBuffer = 4 * 1024;
    private const int LargestBuffer = 64 * 1024 * 1024;

    private readonly TopicRules _topics;
    private readonly LanesModule _lanes;
    private readonly Lock _gate = new();
    private readonly HashSet<ServerSubscription> _open = [];
    private bool _isStopped;

    public ServerSubscriptions(TopicRules topics, LanesModule lanes)
    {
        (_topics, _lanes) = (topics, lanes);
        lanes.Failed += () => EndAll(SubscriptionEnd.Lost);
    }

    /// <summary>The options are looked at now, the rest when the first message is asked for.</summary>
    public IAsyncEnumerable<BrokerMessage> SubscribeAsync(string topic, SubscribeOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        if (options.Last is < 0 or > WireLimits.Messages)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Last, $"Last is 0 to {WireLimits.Messages}.");
        }

        if (options.Buffer is < SmallestBuffer or > LargestBuffer)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Buffer, $"Buffer is {SmallestBuffer} to {LargestBuffer}.");
        }

        var name = Encoding.UTF8.GetBytes(topic);

        // A name that is none is refused like one: the node's own topics are nobody's.
        return ReadAsync(TopicName.IsReserved(name) ? [] : name, options, cancellationToken);
    }

    /// <summary>What comes of one of the node's own topics.</summary>
    public IAsyncEnumerable<BrokerMessage> WatchAsync(byte[] reserved, CancellationToken cancellationToken) => ReadAsync(reserved, new SubscribeOptions(), cancellationToken);

    /// <summary>The node stops: all end, and none begins any more.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
        }

        EndAll(SubscriptionEnd.Stopped);
    }

    private async IAsyncEnumerable<BrokerMessage> ReadAsync(byte[] topic, SubscribeOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var subscription = Open(topic, options);
        try
        {
            await foreach (var message in subscription.ReadAsync(cancellationToken))
            {
                yield return message;
            }
        }
        finally
        {
            subscription.End(SubscriptionEnd.Stopped);
        }
    }

    private ServerSubscription Open(byte[] topic, SubscribeOptions options)
    {
        var isPattern = TopicPattern.HasWildcard(topic);
        TopicPattern? pattern = null;
        if (isPattern ? !TopicPattern.TryParse(topic, out pattern) : !TopicName.IsValid(topic) && !TopicName.IsOfRights(topic))
        {
            throw Refused(ErrorCode.InvalidTopic);
        }

        var settings = isPattern ? null : _topics.Settings.Of(topic);
        if (!Has(settings, options))
        {
            throw Refused(ErrorCode.Unsupported);
        }

        var subscription = new ServerSubscription(options.Buffer, OnEnded);
        var post = settings is null ? ToPattern(subscription, topic, _topics.Settings.MayBeSequenced(pattern!)) : ToTopic(subscription, topic, settings, options);
        lock (_gate)
        {
            if (_isStopped || _lanes.Gate is not { IsReady: true })
            {
                throw Refused(ErrorCode.Unavailable);
            }

            if (_open.Count == Most)
            {
                throw Refused(ErrorCode.LimitExceeded);
            }

            _open.Add(subscription);

            // Whoever ends it from here on has its cursors closed behind this.
            post();
        }

        return subscription;
    }

    /// <param name="topic">Null: a pattern, whose topics have nothing in common.</param>
    /// <param name="options">What is asked for.</param>
    private static bool Has(TopicOptions? topic, SubscribeOptions options) => topic switch
    {
        null => options is { Recover: null, Last: 0, Presence: false },
        { Delivery: DeliveryKind.Sequenced } => (options.Last == 0 || topic.History.Size > 0) && (!options.Presence || topic.Presence),
        _ => options is { Last: 0, Presence: false },
    };

    /// <returns>Posts it to its lane.</returns>
    private Action ToTopic(ServerSubscription subscription, byte[] topic, TopicOptions settings, SubscribeOptions options)
    {
        var isSequenced = settings.Delivery == DeliveryKind.Sequenced;
        var cursor = new Subscription(subscription.Writer, topic, TopicName.Hash(topic))
        {
            Form = new PushForm(WireFormat.Json, Deflated: false, options.Presence),
            Slow = settings.Slow,
            IsSequenced = isSequenced,
        };
        subscription.Cursors = [cursor];
        var command = new SubscribeCommand(cursor, default, maxSubscribers: 0, ActorRefs.Nobody)
        {
            IsSequenced = isSequenced,
            AskedToRecover = options.Recover is not null,
            Recover = options.Recover?.ToInternal(),
            Last = options.Last,
            ShownMembers = options.Presence ? ShownMembers : 0,
        };
        return () => _lanes.Inbox.Post(command);
    }

    /// <returns>Posts it to all lanes.</returns>
    private Action ToPattern(ServerSubscription subscription, byte[] pattern, bool isSequenced)
    {
        var cursors = new PatternSubscription(subscription.Writer, pattern, new PushForm(WireFormat.Json, Deflated: false), _lanes.Count, isSequenced);
        subscription.Cursors = cursors.Cursors;
        var request = new PatternRequest.Subscribe(cursors, default, ActorRefs.Nobody, batch: null);
        return () => request.Post(_lanes.Inbox);
    }

    private void OnEnded(ServerSubscription subscription)
    {
        lock (_gate)
        {
            _open.Remove(subscription);
        }

        _lanes.Inbox.Leave(subscription.Cursors);
    }

    private void EndAll(SubscriptionEnd reason)
    {
        ServerSubscription[] open;
        lock (_gate)
        {
            open = [.. _open];
        }

        foreach (var subscription in open)
        {
            subscription.End(reason);
        }
    }

    private static BrokerSubscriptionException Refused(ErrorCode code) => new(SubscriptionEnd.Refused, ErrorCodes.Name(code), ErrorCodes.Text(code));
}
