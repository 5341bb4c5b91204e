using System.Globalization;
using System.Text;
using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>A question of a client.</summary>
/// <param name="query">What is asked.</param>
/// <param name="writer">The connection's.</param>
/// <param name="id">Of the request, retained.</param>
/// <param name="batch">Holds the request.</param>
internal sealed class ClientQuestion(TopicQuery query, ConnectionWriter writer, WireId id, MessageBatch batch) : QuestionCommand(query)
{
    /// <summary>The connection's.</summary>
    public WireFormat Format { get; init; }

    public override void Answer(TopicAnswer answer, LaneReplies replies)
    {
        var topic = TopicName.Shown(Query.Topic);
        var error = answer.Error switch
        {
            TopicAnswerError.Stale => ErrorCode.StalePosition,
            TopicAnswerError.Limited => ErrorCode.LimitExceeded,
            TopicAnswerError.Unavailable => ErrorCode.Unavailable,
            _ => ErrorCode.None,
        };
        if (error != ErrorCode.None)
        {
            replies.Error(writer, Format, new ErrorMessage(error, id) { Topic = topic });
            return;
        }

        var codec = Format.Codec();
        if (Query.Kind == TopicQueryKind.History)
        {
            codec.Write(replies.Begin(), new HistoryMessage(id, topic, answer.Position.ToWire(), ReplayPage.Pushes(answer.Entries, Format), answer.More));
        }
        else
        {
            codec.Write(replies.Begin(), new PresenceMessage(id, topic, answer.Members!.ToWire(Format)) { After = AfterOf(answer.Members!) });
        }

        replies.Promise(writer);
    }

    public override void Complete() => batch.Release();

    private static ReadOnlyMemory<byte> AfterOf(TopicMembers members) =>
        members.After > 0 ? Encoding.ASCII.GetBytes(members.After.ToString(CultureInfo.InvariantCulture)) : default;
}
