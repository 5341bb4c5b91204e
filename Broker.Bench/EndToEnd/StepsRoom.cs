using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Broker.Rooms;

namespace Broker.Bench.EndToEnd;

/// <summary>
/// A room with 20 steps a second that sends 100 bytes to all in each, and measures how far its steps are from where they belong: all such rooms of a
/// process together. The call <c>jitter</c> answers with what was seen since the one before.
/// </summary>
public sealed class StepsRoom : Room
{
    public const int Rate = 20;

    private const int Slots = 10_000;
    private static readonly RoomData Push = RoomData.Json(JsonSerializer.SerializeToUtf8Bytes(new string('x', 98)));

    /// <summary>Steps by how far they are away, in tenths of a millisecond.</summary>
    private static readonly int[] Seen = new int[Slots];

    private long _origin;
    private long _first;

    /// <summary>Settings of the kind; by this name the node finds it.</summary>
    public static void Configure(RoomOptions options) => (options.StepRate, options.MaxPlayers, options.Format) = (Rate, 8, DataFormat.Json);

    public override void Step(long tick)
    {
        var now = Stopwatch.GetTimestamp();
        if (_origin == 0)
        {
            (_origin, _first) = (now, tick);
        }

        var expected = TimeSpan.FromSeconds((tick - _first) / (double)Rate);
        var away = Math.Abs((Stopwatch.GetElapsedTime(_origin, now) - expected).TotalMilliseconds);
        Interlocked.Increment(ref Seen[Math.Min((int)(away * 10), Slots - 1)]);

        // Of every second steps are measured anew: time that was left out stays out.
        if (tick - _first == Rate)
        {
            (_origin, _first) = (now, tick);
        }

        Context.Send("s", Push);
    }

    public override CallAnswer Call(RoomPlayer player, string method, RoomData data) => CallAnswer.Result(RoomData.Json(Take()));

    public override ReadOnlyMemory<byte> Snapshot()
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Context.Tick);
        return bytes;
    }

    public override void Restore(ReadOnlyMemory<byte> snapshot, int version)
    {
    }

    /// <summary>Jitter since the last call, in milliseconds, as JSON.</summary>
    public static string Take()
    {
        var counts = new long[Slots];
        for (var i = 0; i < Slots; i++)
        {
            counts[i] = Interlocked.Exchange(ref Seen[i], 0);
        }

        var total = counts.Sum();
        return string.Create(CultureInfo.InvariantCulture, $$"""{"steps":{{total}},"p50":{{At(0.5)}},"p99":{{At(0.99)}},"worst":{{At(1)}}}""");

        double At(double share)
        {
            var (left, slot) = ((long)Math.Ceiling(total * share), 0);
            while (slot < Slots - 1 && (left -= counts[slot]) > 0)
            {
                slot++;
            }

            return (slot + 1) / 10.0;
        }
    }
}
