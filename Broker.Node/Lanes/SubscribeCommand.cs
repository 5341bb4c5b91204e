using Akka.Actor;
using Akka.Event;
using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>Opens a cursor after queueing <c>subscribed</c>; on a cursor that is open it only answers.</summary>
/// <param name="subscription">The connection's cursor.</param>
/// <param name="id">Of the request.</param>
/// <param name="maxSubscribers">Local bound of the topic, 0 for none.</param>
/// <param name="connection">Told <see cref="SubscriptionRefused"/> when the bound is reached.</param>
internal sealed class SubscribeCommand(Subscription subscription, WireId id, int maxSubscribers, IActorRef connection) : LaneCommand
{
    public override uint TopicHash => subscription.TopicHash;

    public override ReadOnlySpan<byte> Topic => subscription.Topic;

    public Subscription Subscription => subscription;

    public WireId Id => id;

    public int MaxSubscribers => maxSubscribers;

    /// <summary>The request asked to recover, which a broadcast topic never can.</summary>
    public bool AskedToRecover { get; init; }

    /// <summary>Of a sequenced topic: the last that the client has seen.</summary>
    public TopicPosition? Recover { get; init; }

    /// <summary>Of a sequenced topic: so many of the newest messages are wanted where nothing is recovered.</summary>
    public int Last { get; init; }

    /// <summary>Of a sequenced topic: so many of its members are wanted.</summary>
    public int ShownMembers { get; init; }

    /// <summary>Of a user's own topic: most connections of the user in the cluster; 0: no bound.</summary>
    public int MaxConnections { get; init; }

    /// <summary>Why the server asks, for the client to read; a refusal is not told to it then. Null: the client asks.</summary>
    public string? Reason { get; init; }

    /// <param name="isCrowded">The user has as many connections as may be.</param>
    public void Refuse(bool isCrowded = false) => connection.Tell(new SubscriptionRefused(subscription, isCrowded), ActorRefs.NoSender);

    /// <summary>Of the request, so that its connection knows that it is under way; null where the server asks.</summary>
    public MessageBatch? Batch { get; init; }

    public override void Complete() => Batch?.Release();
}

/// <summary>The lane did not open this cursor; where the client asked, it has been told.</summary>
/// <param name="Subscription">That is not open.</param>
/// <param name="IsCrowded">Of a user's own topic: the user has as many connections as may be.</param>
internal sealed record SubscriptionRefused(Subscription Subscription, bool IsCrowded = false) : IDeadLetterSuppression, INoSerializationVerificationNeeded;
