using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Node.Lanes;

/// <summary>Somebody asks for the history of a sequenced topic, or who is there.</summary>
/// <param name="query">What is asked.</param>
internal abstract class QuestionCommand(TopicQuery query) : LaneCommand
{
    public override uint TopicHash { get; } = TopicName.Hash(query.Topic);

    public override ReadOnlySpan<byte> Topic => query.Topic;

    public TopicQuery Query => query;

    /// <summary>Tells who asked; before it is completed.</summary>
    public abstract void Answer(TopicAnswer answer, LaneReplies replies);
}
