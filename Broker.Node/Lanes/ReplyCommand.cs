using System.Buffers;
using Broker.Node.Delivery;

namespace Broker.Node.Lanes;

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
