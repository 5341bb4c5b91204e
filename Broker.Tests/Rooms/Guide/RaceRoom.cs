using System.Text.Json;
using Broker.Rooms;

namespace MyGame;

/// <summary>Who has run 20 metres first, wins. Nobody runs before the start, three seconds after the second runner came.</summary>
public sealed class RaceRoom : Room
{
    private Race _race = new();

    public static void Configure(RoomOptions options)
    {
        options.MaxPlayers = 4;
        options.MaxSpectators = 50;
        options.Grace = TimeSpan.FromSeconds(20);
    }

    public override JoinAnswer Joining(RoomPlayer player) =>
        _race.IsOn ? JoinAnswer.Refuse("the race is on") : JoinAnswer.Accept;

    public override void Joined(RoomPlayer player)
    {
        if (player.IsSpectator)
        {
            return;
        }

        _race.Metres.Add(player.Id, 0);
        if (_race.Metres.Count == 2)
        {
            Context.Schedule(TimeSpan.FromSeconds(3), "start");
        }

        Context.SetMetadata("runners", $"{_race.Metres.Count}");
    }

    public override void Left(RoomPlayer player, LeaveReason reason) => _race.Metres.Remove(player.Id);

    public override void Due(string name, RoomData data)
    {
        _race.IsOn = true;
        Context.Send("start", RoomData.None);
    }

    public override CallAnswer Call(RoomPlayer player, string method, RoomData data)
    {
        if (method != "run" || !_race.IsOn)
        {
            return CallAnswer.Failed(_race.IsOn ? "you can only run" : "not yet");
        }

        // A stranger wrote this: read it with care, and refuse it.
        if (!TryReadSteps(data, out var steps) || steps is < 1 or > 3)
        {
            return CallAnswer.Failed("1 to 3 steps at a time");
        }

        // Some steps are longer; always by Context.Random, so that the race can be restored and repeated.
        var metres = _race.Metres[player.Id] += steps + Context.Random.Next(2);
        Context.Send("ran", ToData(new { player = player.Id, metres }));
        if (metres >= 20)
        {
            Context.Send("won", ToData(new { player = player.Id }));
            Context.End();
        }

        return CallAnswer.Result(ToData(metres));
    }

    public override RoomData State(RoomPlayer viewer) => ToData(_race);

    public override ReadOnlyMemory<byte> Snapshot() => ToData(_race).Bytes;

    public override void Restore(ReadOnlyMemory<byte> snapshot, int version) =>
        _race = JsonSerializer.Deserialize<Race>(snapshot.Span)!;

    private static RoomData ToData<T>(T value) => RoomData.Json(JsonSerializer.SerializeToUtf8Bytes(value));

    private static bool TryReadSteps(RoomData data, out int steps)
    {
        try
        {
            steps = JsonSerializer.Deserialize<int>(data.Bytes.Span);
            return true;
        }
        catch (JsonException)
        {
            steps = 0;
            return false;
        }
    }

    private sealed class Race
    {
        public bool IsOn { get; set; }

        public Dictionary<string, int> Metres { get; init; } = [];
    }
}
