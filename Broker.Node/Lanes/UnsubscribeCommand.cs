using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>Closes a cursor, then queues <c>unsubscribed</c>.</summary>
internal sealed class UnsubscribeCommand(Subscription subscription, WireId id) : LaneCommand
{
    public override uint TopicHash => subscription.TopicHash;

    public override ReadOnlySpan<byte> Topic => subscription.Topic;

    public Subscription Subscription => subscription;

    public WireId Id => id;

    /// <summary>Why the server ended it; null when the client asked.</summary>
    public string? Reason { get; init; }

    /// <summary>Of the request, so that its connection knows that it is under way; null where the server asks.</summary>
    public MessageBatch? Batch { get; init; }

    public override void Complete() => Batch?.Release();
}
