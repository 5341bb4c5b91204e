using System.Buffers;
using System.Diagnostics.CodeAnalysis;
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

/// <summary>
/// An answer that the session has ready and that is about a topic: it goes through the topic's lane, so that it does not overtake
/// the answers to earlier requests on that topic, nor what a subscription still brings.
/// </summary>
/// <param name="topicHash">Of <paramref name="topic"/>.</param>
/// <param name="topic">Topic name, UTF-8.</param>
/// <param name="writer">The connection's.</param>
/// <param name="message">The answer, encoded.</param>
/// <param name="batch">Holds the topic and is released on completion, so that answers that wait hold reading up as requests do.</param>
internal sealed class ReplyCommand(uint topicHash, ReadOnlyMemory<byte> topic, ConnectionWriter writer, byte[] message, MessageBatch batch) : LaneCommand
{
    public override uint TopicHash => topicHash;

    public override ReadOnlySpan<byte> Topic => topic.Span;

    public ConnectionWriter Writer => writer;

    public void WriteTo(IBufferWriter<byte> output) => output.Write(message);

    public override void Complete() => batch.Release();
}

/// <summary>
/// Closes what a connection that has ended was subscribed to on one lane. Nobody is told. The lane takes a part at a time.
/// </summary>
internal sealed class LeaveCommand(Subscription first) : LaneCommand
{
    private readonly List<Subscription> _rest = [first];

    public override uint TopicHash { get; } = first.TopicHash;

    public override ReadOnlySpan<byte> Topic => default;

    /// <summary>Before it is posted.</summary>
    public void Add(Subscription subscription) => _rest.Add(subscription);

    /// <summary>The lane's: takes one that is still to be closed.</summary>
    public bool TryTake([MaybeNullWhen(false)] out Subscription subscription)
    {
        subscription = _rest.Count > 0 ? _rest[^1] : null;
        if (subscription is not null)
        {
            _rest.RemoveAt(_rest.Count - 1);
        }

        return subscription is not null;
    }

    /// <summary>The lane's: all are closed.</summary>
    public bool IsDone => _rest.Count == 0;

    public override void Complete()
    {
    }
}
