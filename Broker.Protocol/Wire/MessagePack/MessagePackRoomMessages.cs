namespace Broker.Protocol.Wire.MessagePack;

/// <summary>As <see cref="MessagePackMessages"/>, what is said about rooms.</summary>
internal static class MessagePackRoomMessages
{
    public static void Joined(ref MessagePackSpanWriter writer, in RoomJoinedMessage message)
    {
        writer.Begin("room.joined"u8, message.Id);
        writer.Member("room"u8, message.Room);
        writer.Member("kind"u8, message.Kind);
        writer.Member("player"u8, message.Player);
        writer.Member("token"u8, message.Token);
        writer.Member("generation"u8, message.Generation);
        writer.Member("tick"u8, message.Tick);
        writer.Member("step"u8, message.Step);
        writer.EncodedOrNil("state"u8, message.State.Span);
        Players(ref writer, message.Players);
        writer.Member("grace"u8, message.Grace);
        writer.End();
    }

    public static void Left(ref MessagePackSpanWriter writer, in RoomLeftMessage message)
    {
        writer.Begin("room.left"u8, message.Id);
        writer.Member("room"u8, message.Room);
        writer.Member("reason"u8, message.Reason);
        writer.End();
    }

    public static void State(ref MessagePackSpanWriter writer, in RoomStateMessage message)
    {
        writer.Begin("room.state"u8, message.Id);
        writer.Member("room"u8, message.Room);
        writer.Member("generation"u8, message.Generation);
        writer.Member("tick"u8, message.Tick);
        writer.Member("time"u8, message.Time);
        writer.Member("reason"u8, message.Reason);
        writer.EncodedOrNil("data"u8, message.Data.Span);
        writer.End();
    }

    public static void Event(ref MessagePackSpanWriter writer, in RoomEventMessage message)
    {
        writer.Begin("room.event"u8);
        writer.Member("room"u8, message.Room);
        writer.Optional("name"u8, message.Name.Length == 0 ? null : message.Name);
        writer.Optional("from"u8, message.From);
        writer.EncodedOrNil("data"u8, message.Data.Span);
        writer.End();
    }

    public static void Player(ref MessagePackSpanWriter writer, in RoomPlayerMessage message)
    {
        writer.Begin("room.player"u8);
        writer.Member("room"u8, message.Room);
        writer.Member("player"u8, message.Player);
        writer.Member("change"u8, message.Change);
        writer.OptionalEncoded("data"u8, message.Data.Span);
        writer.End();
    }

    public static void Paused(ref MessagePackSpanWriter writer, in RoomPausedMessage message)
    {
        writer.Begin("room.paused"u8);
        writer.Member("room"u8, message.Room);
        writer.End();
    }

    public static void Result(ref MessagePackSpanWriter writer, in ResultMessage message)
    {
        writer.Begin("result"u8, message.Id);
        writer.EncodedOrNil("data"u8, message.Data.Span);
        writer.End();
    }

    public static void List(ref MessagePackSpanWriter writer, in RoomListMessage message)
    {
        writer.Begin("room.list"u8, message.Id);
        Rooms(ref writer, message.Rooms);
        writer.Optional("after"u8, message.After);
        writer.End();
    }

    public static void MatchWaiting(ref MessagePackSpanWriter writer, in MatchWaitingMessage message)
    {
        writer.Begin("match.waiting"u8, message.Id);
        writer.Member("kind"u8, message.Kind);
        writer.End();
    }

    public static void MatchFound(ref MessagePackSpanWriter writer, in MatchFoundMessage message)
    {
        writer.Begin("match.found"u8);
        writer.Member("kind"u8, message.Kind);
        writer.Member("room"u8, message.Room);
        writer.Member("token"u8, message.Token);
        writer.End();
    }

    private static void Players(ref MessagePackSpanWriter writer, IReadOnlyList<RoomSeatInfo> players)
    {
        writer.Array("players"u8, players.Count);
        for (var i = 0; i < players.Count; i++)
        {
            var outer = writer.Open();
            writer.Member("player"u8, players[i].Player);
            writer.Member("connected"u8, players[i].Connected);
            writer.OptionalEncoded("data"u8, players[i].Data.Span);
            writer.Close(outer);
        }
    }

    private static void Rooms(ref MessagePackSpanWriter writer, IReadOnlyList<RoomListEntry> rooms)
    {
        writer.Array("rooms"u8, rooms.Count);
        for (var i = 0; i < rooms.Count; i++)
        {
            var room = rooms[i];
            var outer = writer.Open();
            writer.Member("room"u8, room.Room);
            writer.Member("kind"u8, room.Kind);
            writer.Member("players"u8, room.Players);
            writer.Member("maxPlayers"u8, room.MaxPlayers);
            writer.Member("spectators"u8, room.Spectators);
            writer.Member("locked"u8, room.Locked);
            writer.Texts("metadata"u8, room.Metadata);
            writer.Close(outer);
        }
    }
}
