using Akka.Event;
using Broker.Node.Lanes;
using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Node.Rooms;

/// <summary>Keeps the records of rooms in the cluster: the kept entry of a topic each, which changes only where it is what who changes it has seen. Thread-safe.</summary>
internal sealed class RoomStore(ILaneInbox lanes)
{
    /// <summary>What is kept of a room.</summary>
    public async Task<RoomRead> ReadAsync(string room)
    {
        var question = new ApplicationQuestion(new TopicQuery(TopicQueryKind.History, TopicName.OfRoom(room)) { Limit = 1 }) { IsSequenced = true };
        lanes.Post(question);
        var answer = await question.Answered;
        return answer switch
        {
            { Error: not TopicAnswerError.None } => new RoomRead(false, default, null),
            { Entries: [var entry, ..] } => new RoomRead(true, answer.Position with { Offset = entry.Offset }, RoomRecord.Read(entry.Forward.Payload)),
            _ => new RoomRead(true, answer.Position with { Offset = 0 }, null),
        };
    }

    /// <param name="room">Id of the room.</param>
    /// <param name="record">What is kept from now on.</param>
    /// <param name="seen">Where that is which must be kept now; offset 0: nothing.</param>
    public Task<RoomWritten> WriteAsync(string room, RoomRecord record, TopicPosition seen) => ChangeAsync(room, record.ToBytes(), seen);

    /// <summary>The room has ended: nothing is kept of it.</summary>
    /// <inheritdoc cref="WriteAsync(string, RoomRecord, TopicPosition)"/>
    public Task<RoomWritten> RemoveAsync(string room, TopicPosition seen) => ChangeAsync(room, null, seen);

    private async Task<RoomWritten> ChangeAsync(string room, byte[]? bytes, TopicPosition seen)
    {
        var topic = TopicName.OfRoom(room);
        var taken = new PublishTaken();
        lanes.Post(new PublishCommand(TopicName.Hash(topic), topic, bytes) { IsSequenced = true, IsRaw = true, IsRemoval = bytes is null, If = seen, Taken = taken });
        var result = await taken.Task;
        return new RoomWritten(result, taken.Position ?? default);
    }
}

/// <summary>What is kept of a room.</summary>
/// <param name="IsKnown">False: nobody could say.</param>
/// <param name="Position">Where it is; offset 0: nothing is kept.</param>
/// <param name="Record">Null: nothing is kept, or nothing that can be read.</param>
internal sealed record RoomRead(bool IsKnown, TopicPosition Position, RoomRecord? Record) : Akka.Actor.INoSerializationVerificationNeeded, IDeadLetterSuppression;

/// <summary>What became of a change.</summary>
/// <param name="Result">Of <see cref="PublishResult.Timeout"/> it is not known.</param>
/// <param name="Position">Where it is, or what stands in its way.</param>
internal sealed record RoomWritten(PublishResult Result, TopicPosition Position) : Akka.Actor.INoSerializationVerificationNeeded, IDeadLetterSuppression;
