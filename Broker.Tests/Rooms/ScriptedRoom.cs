using System.Globalization;
using System.Text;
using Broker.Rooms;

namespace Broker.Tests.Rooms;

/// <summary>A room whose state is a number, and which does what the spec says. What it is told stands in <see cref="RoomScript.Calls"/>.</summary>
internal sealed class ScriptedRoom(RoomScript script) : Room
{
    private long _value;

    public override void Created(RoomData options) => Note("created", $"created {options}");

    public override JoinAnswer Joining(RoomPlayer player)
    {
        Note("joining", null, player);
        return script.Refusal is { } reason ? JoinAnswer.Refuse(reason) : JoinAnswer.Accept;
    }

    public override void Joined(RoomPlayer player) => Note("joined", $"joined {player}", player);

    public override void Dropped(RoomPlayer player) => Note("dropped", $"dropped {player}", player);

    public override void Returned(RoomPlayer player) => Note("returned", $"returned {player}", player);

    public override void Left(RoomPlayer player, LeaveReason reason) => Note("left", $"left {player} {reason}", player);

    public override void Message(RoomPlayer player, RoomMessage message)
    {
        _value++;
        Note("message", $"message {player} {message.Name} {message.Data} {message.To}".Trim(), player);
    }

    public override CallAnswer Call(RoomPlayer player, string method, RoomData data)
    {
        _value++;
        Note("call", $"call {player} {method}", player);
        return script.CallAnswer;
    }

    public override void Step(long tick)
    {
        _value++;
        Note("step", $"step {tick} at {Context.Time.TotalMilliseconds}");
    }

    public override void Due(string name, RoomData data) => Note("due", $"due {name} {data} at {Context.Time.TotalMilliseconds}");

    public override void WorkDone(string name, WorkResult result) => Note("work", $"work {name} {result.Error ?? result.Data.ToString()}");

    public override RoomData State(RoomPlayer viewer)
    {
        Note("state", null, viewer);
        return RoomData.Json(_value.ToString(CultureInfo.InvariantCulture));
    }

    public override ReadOnlyMemory<byte> Snapshot()
    {
        Note("snapshot", null);
        return Encoding.UTF8.GetBytes(_value.ToString(CultureInfo.InvariantCulture).PadLeft(script.SnapshotBytes));
    }

    public override void Restore(ReadOnlyMemory<byte> snapshot, int version)
    {
        _value = long.Parse(Encoding.UTF8.GetString(snapshot.Span), CultureInfo.InvariantCulture);
        Note("restore", $"restore {_value} of version {version}");
    }

    private void Note(string kind, string? call, RoomPlayer? player = null)
    {
        if (call is not null)
        {
            script.Calls.Add(call);
        }

        if (script.On.TryGetValue(kind, out var reaction))
        {
            reaction(Context, player);
        }
    }
}

/// <summary>What a <see cref="ScriptedRoom"/> does, over all its instances.</summary>
internal sealed class RoomScript
{
    public List<string> Calls { get; } = [];

    /// <summary>By the name of the call; may throw.</summary>
    public Dictionary<string, Action<RoomContext, RoomPlayer?>> On { get; } = [];

    public string? Refusal { get; set; }

    public CallAnswer CallAnswer { get; set; } = CallAnswer.Result(RoomData.Json("\"answer\""));

    public int SnapshotBytes { get; set; }
}
