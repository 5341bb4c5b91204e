using System.Diagnostics;
using Broker.Rooms;

namespace Broker.Tests.Cluster;

/// <summary>Sends its tick and 4 KiB to all in each step, and knows how far its steps were apart.</summary>
internal sealed class TickingRoom : Room
{
    public const int Rate = 30;

    private static readonly string Padding = new('x', 4 * 1024);
    private readonly List<double> _intervals = [];
    private long _last;

    public static void Configure(RoomOptions options) => (options.StepRate, options.MaxPlayers) = (Rate, 100);

    public override void Step(long tick)
    {
        var now = Stopwatch.GetTimestamp();
        if (_last != 0)
        {
            _intervals.Add(Stopwatch.GetElapsedTime(_last, now).TotalMilliseconds);
        }

        _last = now;
        Context.Send("tick", RoomData.Json($$"""{"tick":{{tick}},"padding":"{{Padding}}"}"""));
    }

    /// <summary>By how many milliseconds all but one in a hundred steps were away from their interval, at most.</summary>
    public override CallAnswer Call(RoomPlayer player, string method, RoomData data)
    {
        var away = _intervals.Select(static interval => Math.Abs(interval - (1000.0 / Rate))).Order().ToList();
        return CallAnswer.Result(RoomData.Json(FormattableString.Invariant($"{away[(away.Count * 99) / 100]:0.0}")));
    }

    public override ReadOnlyMemory<byte> Snapshot() => default;

    public override void Restore(ReadOnlyMemory<byte> snapshot, int version)
    {
    }
}
