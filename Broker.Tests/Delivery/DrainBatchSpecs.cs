using Akka.Actor;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Membership;
using Broker.Tests.Lanes;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Delivery;

/// <summary>Lanes that leave what they would drain to each other.</summary>
public sealed class DrainBatchSpecs : IDisposable
{
    private readonly FanOutPool _pool = new(0);
    private readonly FakeSocket _socket = new();
    private readonly ConnectionWriter _writer = new(1);
    private readonly DrainBatch[] _lanes;

    public DrainBatchSpecs()
    {
        _writer.Attach(_socket, static () => { });
        _writer.TryPark();
        _lanes = [.. Enumerable.Range(0, 20).Select(_ => new DrainBatch(_pool))];
    }

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void What_is_left_to_the_lane_that_follows_goes_out_in_one_write()
    {
        _writer.Send("a"u8, _lanes[0]);
        _lanes[0].Flush(static () => true);
        Assert.Equal(0, _socket.Sends);

        _writer.Send("b"u8, _lanes[1]);
        _lanes[1].Flush(static () => false);

        Assert.Equal((1, "ab"), (_socket.Sends, _socket.Text));
    }

    /// <summary>The lane that queued it looked at its fence, and the process stood still before another drained it.</summary>
    [Fact]
    public void An_acknowledgement_that_was_left_does_not_leave_once_the_fence_is_closed()
    {
        var time = new FakeTimeProvider();
        var fence = new Fence(time);
        fence.Open(time.GetTimestamp() + time.TimestampFrequency);
        var disowned = 0;
        _writer.Observer = new WriterEvents { OnDisown = () => disowned++ };
        _writer.Promise("a"u8, _lanes[0], fence);
        _lanes[0].Flush(static () => true);
        time.Advance(TimeSpan.FromSeconds(12));

        _lanes[1].Flush();

        Assert.Equal((0, 1), (_socket.Sends, disowned));
        Assert.True(_writer.Broken);
        Assert.Equal(WriterState.Stage, _writer.State);
    }

    [Fact]
    public void What_acknowledges_nothing_leaves_whatever_the_fence_says()
    {
        var time = new FakeTimeProvider();
        var fence = new Fence(time);
        fence.Open(time.GetTimestamp() + time.TimestampFrequency);
        _writer.Promise("a"u8, _lanes[0], fence);
        _lanes[0].Flush();
        time.Advance(TimeSpan.FromSeconds(12));
        _writer.Send("b"u8, _lanes[0]);
        _lanes[0].Flush();

        Assert.Equal("ab", _socket.Text);
        Assert.False(_writer.Broken);
    }

    [Fact]
    public void A_flush_with_nothing_of_its_own_drains_what_was_left()
    {
        _writer.Send("a"u8, _lanes[0]);
        _lanes[0].Flush(static () => true);
        _lanes[1].Flush(static () => true);
        Assert.Equal(0, _socket.Sends);

        _lanes[1].Flush();

        Assert.Equal("a", _socket.Text);
    }

    [Fact]
    public void Nothing_is_left_to_a_lane_that_has_begun_meanwhile()
    {
        var follows = true;
        _writer.Send("a"u8, _lanes[0]);

        _lanes[0].Flush(() =>
        {
            (var answer, follows) = (follows, false);
            return answer;
        });

        Assert.Equal("a", _socket.Text);
    }

    [Fact]
    public void Each_lane_leaves_a_writer_to_the_lanes_that_follow_only_once()
    {
        foreach (var lane in _lanes)
        {
            // Only the first takes it: the others have nothing of their own to leave.
            _writer.Send("x"u8, lane);
            lane.Flush(static () => true);
        }

        Assert.Equal(0, _socket.Sends);
        _writer.Send("y"u8, _lanes[0]);
        _lanes[0].Flush(static () => true);
        Assert.Equal((1, 21), (_socket.Sends, _socket.Text.Length));

        _writer.Send("z"u8, _lanes[0]);
        _lanes[0].Flush(static () => true);
        Assert.Equal(1, _socket.Sends);
        Park().Send("x"u8, _lanes[0]);
        _lanes[0].Flush(static () => true);
        Assert.Equal((2, 22), (_socket.Sends, _socket.Text.Length));
    }

    [Fact]
    public void A_client_that_a_lane_has_not_come_to_yet_is_not_too_slow()
    {
        var overruns = 0;
        _writer.Observer = new WriterEvents { OnOverrun = () => overruns++ };
        var log = new TopicLog(default);
        log.Open(new Subscription(_writer, "t"u8.ToArray(), 1));
        Publish();
        Assert.Equal(0, overruns);

        // What it writes now is refused; what lies behind that is the client's fault.
        _socket.Room = 0;
        _lanes[0].Flush();
        Publish();
        Assert.Equal(1, overruns);

        void Publish()
        {
            for (var i = 0; i < 5; i++)
            {
                log.Append(new byte[1000]);
                log.Mark(_lanes[0], lagLimit: 1000);
            }
        }
    }

    [Fact]
    public void A_writer_that_fails_keeps_no_other_from_being_drained()
    {
        var sockets = Enumerable.Range(0, 5).Select(static _ => new FakeSocket()).ToArray();
        foreach (var (i, socket) in sockets.Index())
        {
            socket.Sending = i % 2 == 1 ? static () => throw new InvalidOperationException("seeded failure") : null;
            Park(socket).Send("x"u8, _lanes[0]);
        }

        _lanes[0].Flush();

        Assert.Equal([1, 0, 1, 0, 1], sockets.Select(static socket => socket.Bytes.Length));
    }

    [Fact]
    public void No_more_is_left_than_one_lane_drains_at_a_time()
    {
        _writer.Send("0"u8, _lanes[0]);
        _lanes[0].Flush(static () => true);
        for (var i = 0; i < FanOutPool.Slice; i++)
        {
            Park().Send("x"u8, _lanes[1]);
        }

        _lanes[1].Flush(static () => true);

        Assert.Equal("0", _socket.Text);
    }

    [Fact]
    public void A_lane_follows_from_when_it_is_told_until_it_begins()
    {
        var lanes = new Lane[2];
        (lanes[0], lanes[1]) = (new Lane(lanes), new Lane(lanes));
        Assert.False(lanes[0].OthersFollow());
        lanes[1].Arm();
        Assert.Equal((true, false), (lanes[0].OthersFollow(), lanes[1].OthersFollow()));
        lanes[1].Disarm();
        Assert.False(lanes[0].OthersFollow());
        lanes[1].Arm();
        lanes[1].Hold();
        lanes[1].Arm();
        Assert.False(lanes[0].OthersFollow());
        lanes[1].Disarm();
        lanes[1].Arm();
        Assert.True(lanes[0].OthersFollow());
    }

    /// <summary>
    /// Lanes on threads of their own leave everything they can to each other, over and over down to the last: nobody sleeps on what
    /// was left.
    /// </summary>
    [Fact]
    public async Task Whatever_is_left_is_drained_by_somebody()
    {
        const int Count = 4;
        var rounds = Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1" ? 200_000 : 10_000;
        var cancel = TestContext.Current.CancellationToken;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var signals = new Signals(Count);
        var lanes = new Lane[Count];
        var writers = Enumerable.Range(0, Count).Select(static _ => Park()).ToArray();
        for (var i = 0; i < Count; i++)
        {
            lanes[i] = new Lane(lanes);
        }

        // As LaneActor.OnDrain. All lanes send to every client.
        var left = 0;
        var threads = lanes.Select((lane, i) => Task.Run(
            async () =>
            {
                var batch = new DrainBatch(_pool);
                var follow = () => lane.OthersFollow() && Interlocked.Increment(ref left) > 0;
                lane.Attach(signals.Of(i));
                while (!stop.IsCancellationRequested)
                {
                    await signals.WaitAsync(i, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    lane.Disarm();
                    while (lane.TryTake(out var command))
                    {
                        foreach (var writer in writers)
                        {
                            writer.Send("x"u8, batch);
                        }

                        command.Complete();
                    }

                    batch.Flush(follow);
                }
            },
            cancel)).ToArray();

        for (var n = 1; n <= rounds; n++)
        {
            foreach (var lane in lanes)
            {
                lane.Post(new FakePublish("t", "x"));
            }

            // Each round ends with nothing under way: what sleeps now, sleeps for good.
            Assert.True(
                SpinWait.SpinUntil(() => writers.All(writer => writer.Flushed == (long)n * Count && writer.State == WriterState.Parked), TimeSpan.FromSeconds(60)),
                $"round {n}: {string.Join(' ', writers.Select(static writer => writer.Flushed))} of {n * Count} have gone out");
        }

        await stop.CancelAsync();
        await Task.WhenAll(threads);
        Assert.True(left > rounds / 100, $"{left} times something was left in {rounds} rounds");
    }

    private static ConnectionWriter Park(FakeSocket? socket = null)
    {
        var writer = new ConnectionWriter(2);
        writer.Attach(socket ?? new FakeSocket(), static () => { });
        writer.TryPark();
        return writer;
    }

    /// <summary>An actor a lane, of which only the mailbox is there.</summary>
    private sealed class Signals(int count) : IDisposable
    {
        private readonly SemaphoreSlim[] _told = [.. Enumerable.Range(0, count).Select(static _ => new SemaphoreSlim(0))];

        public IActorRef Of(int lane) => new Ref(_told[lane]);

        public Task WaitAsync(int lane, CancellationToken cancel) => _told[lane].WaitAsync(cancel);

        public void Dispose() => Array.ForEach(_told, static signal => signal.Dispose());

        private sealed class Ref(SemaphoreSlim told) : MinimalActorRef
        {
            public override ActorPath Path { get; } = new RootActorPath(new Address("akka", "signals"));

            public override IActorRefProvider Provider => throw new NotSupportedException();

            protected override void TellInternal(object message, IActorRef sender) => told.Release();
        }
    }
}
