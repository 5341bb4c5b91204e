namespace Broker.Protocol.Wire.Json;

/// <summary>As <see cref="JsonMessages"/>, what is said about rooms.</summary>
internal static class JsonRoomMessages
{
    public static void Joined(ref JsonSpanWriter writer, in RoomJoinedMessage message)
    {
        writer.Begin("room.joined"u8, message.Id);
        writer.Member(",\"room\":"u8, message.Room);
        writer.Member(",\"kind\":"u8, message.Kind);
        writer.Member(",\"player\":"u8, message.Player);
        writer.Member(",\"token\":"u8, message.Token);
        writer.Member(",\"generation\":"u8, message.Generation);
        writer.Member(",\"tick\":"u8, message.Tick);
        writer.Member(",\"step\":"u8, message.Step);
        writer.RawOrNull(",\"state\":"u8, message.State.Span);
        Players(ref writer, message.Players);
        writer.Member(",\"grace\":"u8, message.Grace);
        writer.End();
    }

    public static void Left(ref JsonSpanWriter writer, in RoomLeftMessage message)
    {
        writer.Begin("room.left"u8, message.Id);
        writer.Member(",\"room\":"u8, message.Room);
        writer.Member(",\"reason\":"u8, message.Reason);
        writer.End();
    }

    public static void State(ref JsonSpanWriter writer, in RoomStateMessage message)
    {
        writer.Begin("room.state"u8, message.Id);
        writer.Member(",\"room\":"u8, message.Room);
        writer.Member(",\"generation\":"u8, message.Generation);
        writer.Member(",\"tick\":"u8, message.Tick);
        writer.Member(",\"time\":"u8, message.Time);
        writer.Member(",\"reason\":"u8, message.Reason);
        writer.RawOrNull(",\"data\":"u8, message.Data.Span);
        writer.End();
    }

    public static void Event(ref JsonSpanWriter writer, in RoomEventMessage message)
    {
        writer.Begin("room.event"u8);
        writer.Member(",\"room\":"u8, message.Room);
        writer.Optional(",\"name\":"u8, message.Name.Length == 0 ? null : message.Name);
        writer.Optional(",\"from\":"u8, message.From);
        writer.RawOrNull(",\"data\":"u8, message.Data.Span);
        writer.End();
    }

    public static void Player(ref JsonSpanWriter writer, in RoomPlayerMessage message)
    {
        writer.Begin("room.player"u8);
        writer.Member(",\"room\":"u8, message.Room);
        writer.Member(",\"player\":"u8, message.Player);
        writer.Member(",\"change\":"u8, message.Change);
        writer.OptionalRaw(",\"data\":"u8, message.Data.Span);
        writer.End();
    }

    public static void Paused(ref JsonSpanWriter writer, in RoomPausedMessage message)
    {
        writer.Begin("room.paused"u8);
        writer.Member(",\"room\":"u8, message.Room);
        writer.End();
    }

    public static void Result(ref JsonSpanWriter writer, in ResultMessage message)
    {
        writer.Begin("result"u8, message.Id);
        writer.RawOrNull(",\"data\":"u8, message.Data.Span);
        writer.End();
    }

    public static void List(ref JsonSpanWriter writer, in RoomListMessage message)
    {
        writer.Begin("room.list"u8, message.Id);
        Rooms(ref writer, message.Rooms);
        writer.Optional(",\"after\":"u8, message.After);
        writer.End();
    }

    public static void MatchWaiting(ref JsonSpanWriter writer, in MatchWaitingMessage message)
    {
        writer.Begin("match.waiting"u8, message.Id);
        writer.Member(",\"kind\":"u8, message.Kind);
        writer.End();
    }

    public static void MatchFound(ref JsonSpanWriter writer, in MatchFoundMessage message)
    {
        writer.Begin("match.found"u8);
        writer.Member(",\"kind\":"u8, message.Kind);
        writer.Member(",\"room\":"u8, message.Room);
        writer.Member(",\"token\":"u8, message.Token);
        writer.End();
    }

    private static void Players(ref JsonSpanWriter writer, IReadOnlyList<RoomSeatInfo> players)
    {
        writer.Raw(",\"players\":["u8);
        for (var i = 0; i < players.Count; i++)
        {
            writer.Member(i == 0 ? "{\"player\":"u8 : ",{\"player\":"u8, players[i].Player);
            writer.Member(",\"connected\":"u8, players[i].Connected);
            writer.OptionalRaw(",\"data\":"u8, players[i].Data.Span);
            writer.End();
        }

        writer.Raw("]"u8);
    }

    private static void Rooms(ref JsonSpanWriter writer, IReadOnlyList<RoomListEntry> rooms)
    {
        writer.Raw(",\"rooms\":["u8);
        for (var i = 0; i < rooms.Count; i++)
        {
            var room = rooms[i];
            writer.Member(i == 0 ? "{\"room\":"u8 : ",{\"room\":"u8, room.Room);
            writer.Member(",\"kind\":"u8, room.Kind);
            writer.Member(",\"players\":"u8, room.Players);
            writer.Member(",\"maxPlayers\":"u8, room.MaxPlayers);
            writer.Member(",\"spectators\":"u8, room.Spectators);
            writer.Member(",\"locked\":"u8, room.Locked);
            writer.Raw(",\"metadata\":{"u8);
            var isFirst = true;
            foreach (var (key, value) in room.Metadata)
            {
                writer.Member(isFirst ? default : ","u8, key);
                writer.Member(":"u8, value);
                isFirst = false;
            }

            writer.End();
            writer.End();
        }

        writer.Raw("]"u8);
    }
}
