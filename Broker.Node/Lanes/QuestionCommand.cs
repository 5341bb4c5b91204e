using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>A client asks for the history of a sequenced topic, or who is there.</summary>
/// <param name="topicHash">Of the topic.</param>
/// <param name="query">What is asked.</param>
/// <param name="writer">The connection's.</param>
/// <param name="id">Of the request, retained.</param>
/// <param name="batch">Holds the request.</param>
internal sealed class QuestionCommand(uint topicHash, TopicQuery query, ConnectionWriter writer, WireId id, MessageBatch batch) : LaneCommand
{
    public override uint TopicHash => topicHash;

    public override ReadOnlySpan<byte> Topic => query.Topic;

    public TopicQuery Query => query;

    public ConnectionWriter Writer => writer;

    /// <summary>The connection's.</summary>
    public WireFormat Format { get; init; }

    public WireId Id => id;

    public override void Complete() => batch.Release();
}
