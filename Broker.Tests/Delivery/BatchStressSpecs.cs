using System.Globalization;
using System.Runtime.InteropServices;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Delivery;

/// <summary>Whatever is gathered however: every message once and in order.</summary>
public sealed class BatchStressSpecs
{
    [Theory]
    [InlineData(WireFormat.Json, 1)]
    [InlineData(WireFormat.Json, 2)]
    [InlineData(WireFormat.MessagePack, 3)]
    [InlineData(WireFormat.MessagePack, 4)]
    public void Arrays_taken_apart_are_the_messages_in_order_whatever_their_size(WireFormat format, int seed)
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        using var pool = new FanOutPool(0);
        var (socket, writer, lane) = (new FakeSocket(), new ConnectionWriter(1), new DrainBatch(pool));
        writer.Attach(socket, static () => { });
        writer.Framing = WebSocketFraming.Of(format);
        writer.GatherPushes(TimeSpan.FromMilliseconds(10), 64 * 1024, time);
        writer.TryPark();
        var log = new TopicLog(new PushForm(format, Deflated: false));
        log.Open(new Subscription(writer, "t"u8.ToArray(), 1) { Form = log.Form });
        var expected = new List<string>();
        for (var i = 0; i < 3000; i++)
        {
            var size = random.Next(100) switch
            {
                0 => random.Next(60_000, 70_000),
                < 5 => random.Next(20_000),
                < 20 => random.Next(300),
                _ => random.Next(40),
            };
            expected.Add($$"""{"n":{{i}},"text":"{{new string('x', size)}}"}""");
            log.Append(expected[^1]);
            if (random.Next(4) > 0)
            {
                log.Mark(lane, 1 << 20);
                lane.Flush();
            }

            if (random.Next(30) == 0)
            {
                time.Advance(TimeSpan.FromMilliseconds(random.Next(12)));
            }
        }

        log.Mark(lane, 1 << 20);
        time.Advance(TimeSpan.FromMilliseconds(10));
        var frames = ServerFrame.ReadAll(socket.Bytes);
        Assert.Equal(expected, frames.SelectMany(frame => frame.Messages(format)));
        Assert.All(frames, frame => Assert.True(frame.Payload.Length <= 64 * 1024 || frame.Messages(format).Count == 1));
        Assert.InRange(frames.Count, 50, 1500);
    }

    /// <summary>
    /// Markers send a reply and then push, timers end windows of a millisecond, the stage has demand at random: at the end every
    /// push has gone out once, in order, behind its reply, and nobody sleeps on work.
    /// </summary>
    [Fact]
    public async Task Nothing_stays_gathered_whoever_marks_ends_and_parks()
    {
        const int Markers = 4;
        var rounds = Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1" ? 200_000 : 5_000;
        var cancellation = TestContext.Current.CancellationToken;
        using var wake = new SemaphoreSlim(0);
        using var pool = new FanOutPool(1);
        var socket = new RecordingSocket(Markers * rounds);
        var writer = new ConnectionWriter(1);
        writer.Attach(socket, () => wake.Release());
        writer.GatherPushes(TimeSpan.FromMilliseconds(1), 16 * 1024, TimeProvider.System);
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var stage = Task.Run(() => Stage(writer, socket, wake, stopped.Token), cancellation);
        var markers = Enumerable.Range(0, Markers).Select(marker => Task.Run(
            () =>
            {
                var (log, lane) = (new TopicLog(default), new DrainBatch(pool));
                log.Open(new Subscription(writer, [(byte)marker], (uint)marker));
                for (var n = 1; n <= rounds; n++)
                {
                    writer.Send(ServerFrame.Of(string.Create(CultureInfo.InvariantCulture, $"\"r {marker} {n}\"")), lane);
                    log.Append(string.Create(CultureInfo.InvariantCulture, $"\"# {marker} {n}\""));
                    log.Mark(lane, int.MaxValue);
                    lane.Flush();
                }
            },
            cancellation)).ToArray();
        await Task.WhenAll(markers);
        await socket.Complete.WaitAsync(TimeSpan.FromSeconds(60), cancellation);
        await stopped.CancelAsync();
        await stage;

        Check(socket, Markers, rounds);
    }

    private static void Check(RecordingSocket socket, int markers, int rounds)
    {
        var (pushed, replied, frames) = (new int[markers], new int[markers], ServerFrame.ReadAll(socket.Bytes));
        foreach (var message in frames.SelectMany(static frame => frame.Messages()))
        {
            var parts = message.Trim('"').Split(' ');
            var (marker, number) = (int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
            var last = parts[0] == "#" ? pushed : replied;
            Assert.Equal(++last[marker], number);
            Assert.True(pushed[marker] <= replied[marker], $"push {number} of {marker} before its reply");
        }

        Assert.All(pushed, last => Assert.Equal(rounds, last));
        Assert.True(frames.Count < 2 * markers * rounds, "nothing was gathered");
    }

    /// <summary>Holds the writer after a hand-back, writes what is left in its own time, parks when idle.</summary>
    private static void Stage(ConnectionWriter writer, RecordingSocket socket, SemaphoreSlim wake, CancellationToken stopped)
    {
        var random = new Random(7);
        while (true)
        {
            do
            {
                while (writer.Gather())
                {
                    socket.Take(writer.Chunk.Span);
                    writer.Written();
                    if (random.Next(4) == 0)
                    {
                        Thread.Yield();
                    }
                }
            }
            while (!writer.TryPark());

            try
            {
                wake.Wait(stopped);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Keeps everything, takes sends by halves at times, and tells when so many pushes have come.</summary>
    private sealed class RecordingSocket(int expected) : IDirectTransport
    {
        private readonly List<byte> _bytes = [];

        /// <summary>How every push begins.</summary>
        private static ReadOnlySpan<byte> Mark => "\"# "u8;

        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _pushes;
        private int _sends;

        public byte[] Bytes => [.. _bytes];

        public Task Complete => _complete.Task;

        public int TrySend(EgressChunk chunk)
        {
            var count = ++_sends % 17 == 0 ? chunk.Length / 2 : chunk.Length;
            Take(chunk.Span[..count]);
            return count;
        }

        public void Take(ReadOnlySpan<byte> bytes)
        {
            // A mark may lie across the end of what came before. No header ends like the beginning of one and goes on like it.
            var from = Math.Max(0, _bytes.Count - (Mark.Length - 1));
            _bytes.AddRange(bytes);
            _pushes += CollectionsMarshal.AsSpan(_bytes)[from..].Count(Mark);
            if (_pushes == expected)
            {
                _complete.TrySetResult();
            }
        }
    }
}
