using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// The topic <c>$user</c> of a connection: what the application publishes to its user. Subscribed from the start, and as long as the
/// connection lives, since it also brings what the application asks of the user's connections, and counts these. Single-threaded: its
/// session's.
/// </summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="auth">Whose it is.</param>
/// <param name="requests">Goes to the topic's owner.</param>
/// <param name="self">The connection's actor.</param>
internal sealed class OwnTopic(IClientTransport connection, ConnectionServices services, SessionAuth auth, SequencedRequests requests, IActorRef self)
{
    /// <summary>Told to the client.</summary>
    private const string Reason = "own topic";

    /// <summary>After which it is asked for again.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly PushForm _form = new(connection.Request!.Format, connection.Request.Deflate);

    /// <summary>Null: there is none.</summary>
    public Subscription? Subscription { get; private set; }

    /// <summary>When it is to be asked for again; null: it is there, or there is none.</summary>
    public DateTimeOffset? Due { get; private set; }

    public static bool Is(ReadOnlySpan<byte> topic) => topic.SequenceEqual(TopicName.User);

    /// <summary>The connection has a user, and users have topics.</summary>
    public bool Exists => services.Options.UserTopic.Enabled && auth.Identity?.User is not null;

    private TopicOptions Settings => services.Topics.Settings.Of(Subscription!.Topic);

    /// <summary>Its user is known, or it is time to ask again. Safe to repeat.</summary>
    public void Open()
    {
        if (Exists && Subscription is null && !(Due > services.Time.GetUtcNow()))
        {
            Due = null;
            Subscription = New();
            services.Lanes.Post(new SubscribeCommand(Subscription, default, 0, self)
            {
                IsSequenced = true,
                Reason = Reason,
                MaxConnections = services.Options.Limits.ConnectionsPerUser,
            });
        }
    }

    /// <summary>The client asks where it is, or to have what it missed.</summary>
    public ErrorCode Subscribe(in ClientMessage message, MessageBatch batch)
    {
        if (Subscription is not { } present)
        {
            return Exists ? ErrorCode.Unavailable : ErrorCode.Forbidden;
        }

        if (message.Presence || (message.Last > 0 && Settings.History.Size == 0))
        {
            return ErrorCode.Unsupported;
        }

        if (message.Recover is null && message.Last is not > 0)
        {
            requests.Subscribe(message, Settings, present, batch);
            return ErrorCode.None;
        }

        // The new one first: the node is interested all the time, or it would miss what the application asks.
        Subscription = New();
        requests.Subscribe(message, Settings, Subscription, batch);
        services.Lanes.Leave([present]);
        return ErrorCode.None;
    }

    /// <summary>What was published to the user.</summary>
    public ErrorCode Ask(in ClientMessage message, MessageBatch batch) =>
        !Exists ? ErrorCode.Forbidden
        : Subscription is not { } present ? ErrorCode.Unavailable
        : message.Type == ClientMessageType.History && Settings.History.Size > 0 ? requests.Ask(message, present.Topic, batch)
        : ErrorCode.Unsupported;

    /// <returns>False: it is another subscription.</returns>
    public bool OnRefused(Subscription subscription)
    {
        if (ReferenceEquals(subscription, Subscription))
        {
            Subscription = null;
            Due = services.Time.GetUtcNow() + RetryAfter;
            return true;
        }

        return false;
    }

    /// <summary>Nothing is delivered any more; the cursor is closed by who calls it.</summary>
    public void Clear() => Subscription = null;

    private Subscription New()
    {
        var user = Encoding.UTF8.GetBytes(auth.Identity!.User!);
        var topic = TopicName.OfUser(user);
        return new Subscription(connection.Writer, topic, TopicName.Hash(topic)) { IsSequenced = true, Form = _form, Member = user };
    }
}
