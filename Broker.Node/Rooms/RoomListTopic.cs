using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using Broker.Node.Lanes;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Rooms;

/// <summary>The topic <c>$rooms.&lt;kind&gt;</c>: a kept entry for each room, which has the room's line of <c>room.list</c>. Thread-safe.</summary>
internal sealed class RoomListTopic(ILaneInbox lanes, string kind)
{
    private const int Page = 300;

    private readonly byte[] _topic = TopicName.OfRooms(kind);

    /// <summary>What clients get of a room.</summary>
    public static byte[] DataOf(RoomListEntry room) => JsonSerializer.SerializeToUtf8Bytes(room, JsonSerializerOptions.Web);

    /// <summary>Where the topic is now; null: nobody could say.</summary>
    public async Task<RoomListPlace> FindAsync() => await AskAsync(null, 1) is { } answer ? new RoomListPlace(answer.Position) : RoomListPlace.Unknown;

    /// <summary>The rooms that it names.</summary>
    public async Task<RoomListContent> ReadAsync()
    {
        List<string> rooms = [];
        TopicPosition? since = null;
        while (true)
        {
            if (await AskAsync(since, Page) is not { } answer)
            {
                return RoomListContent.Unknown;
            }

            rooms.AddRange(answer.Entries.Select(static entry => Encoding.ASCII.GetString(entry.Forward.Subject)));
            if (!answer.More || answer.Entries.Count == 0)
            {
                return new RoomListContent(answer.Position, rooms);
            }

            since = answer.Position with { Offset = answer.Entries[^1].Offset };
        }
    }

    /// <param name="room">Id of the room.</param>
    /// <param name="data">Null: it is named no more.</param>
    public async Task<RoomListChanged> ChangeAsync(string room, byte[]? data)
    {
        var taken = new PublishTaken();
        lanes.Post(new PublishCommand(TopicName.Hash(_topic), _topic, data)
        {
            IsSequenced = true,
            Format = WireFormat.Json,
            Entry = Encoding.ASCII.GetBytes(room),
            IsRemoval = data is null,
            Taken = taken,
        });
        var result = await taken.Task;
        return new RoomListChanged(room, data, result, taken.Position ?? default);
    }

    /// <returns>Null: nobody could say.</returns>
    private async Task<TopicAnswer?> AskAsync(TopicPosition? since, int limit)
    {
        var question = new ApplicationQuestion(new TopicQuery(TopicQueryKind.History, _topic) { Since = since, Limit = limit }) { IsSequenced = true };
        lanes.Post(question);
        var answer = await question.Answered;
        return answer.Error == TopicAnswerError.None ? answer : null;
    }
}

/// <summary>Where the topic is; null: nobody could say.</summary>
internal sealed record RoomListPlace(TopicPosition? Position) : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    public static readonly RoomListPlace Unknown = new(Position: null);
}

/// <summary>What the topic names; a position that is null: nobody could say, or not all of it.</summary>
internal sealed record RoomListContent(TopicPosition? Position, IReadOnlyList<string> Rooms) : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    public static readonly RoomListContent Unknown = new(null, []);
}

/// <summary>What became of a change; see <see cref="ListedRooms.Done"/>.</summary>
internal sealed record RoomListChanged(string Room, byte[]? Data, PublishResult Result, TopicPosition Position) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
