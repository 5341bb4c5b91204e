using Broker.Node.Delivery;
using Broker.Tests.Conformance;
using Broker.Tests.Support;

namespace Broker.Tests.Delivery;

/// <summary>The end of a writer among those who make work for it, and how much it may have under way.</summary>
public sealed class WriterStopSpecs
{
    private const int Markers = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>100,000 rounds with <c>BROKER_TESTS_FULL=1</c>.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_marks_while_it_stops_or_breaks_goes_on_and_nothing_is_sent_after(bool breaks)
    {
        var rounds = Exchange.Full ? 100_000 : 1000;
        var random = new Random(breaks ? 7 : 42);
        Round? round = null;
        using var start = new Barrier(Markers + 1);
        var markers = Enumerable.Range(0, Markers).Select(i => Task.Factory.StartNew(
            () =>
            {
                for (var n = 0; n < rounds; n++)
                {
                    start.SignalAndWait(Cancel);
                    Volatile.Read(ref round)!.Mark(i);
                    start.SignalAndWait(Cancel);
                }
            },
            Cancel,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        var stage = Task.Factory.StartNew(
            () =>
            {
                for (var n = 0; n < rounds; n++)
                {
                    using var next = new Round(breaks ? random.Next(1, 20) : int.MaxValue);
                    Volatile.Write(ref round, next);
                    start.SignalAndWait(Cancel);
                    next.Run(random.Next(200));
                    start.SignalAndWait(Cancel);
                    next.Check();
                }
            },
            Cancel,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await Task.WhenAll([stage, .. markers]);
    }

    [Fact]
    public void What_is_handed_over_and_not_taken_is_one_chunk()
    {
        var (socket, writer) = (new FakeSocket(), new ConnectionWriter(1));
        writer.Attach(socket, static () => { });
        var log = new TopicLog(default);
        var subscription = new Subscription(writer, "t"u8.ToArray(), 1);
        log.Open(subscription);
        writer.TryPark();
        socket.Room = 100_000;
        var most = 0L;
        for (var i = 0; i < 2000; i++)
        {
            log.Append(new byte[1000 + (i % 3000)]);
            if (subscription.MarkDirty() && writer.TryTake())
            {
                writer.Drain();
            }

            most = Math.Max(most, writer.Gathered - writer.Flushed);
        }

        Assert.Equal(WriterState.Stage, writer.State);
        Assert.InRange(most, 1, 64 * 1024);

        // And so it stays while the stage moves it by chunks: nothing is handed over before the last has been taken.
        while (writer.Gather())
        {
            Assert.InRange(writer.Gathered - writer.Flushed, 1, 64 * 1024);
            writer.Written();
            Assert.Equal(writer.Gathered, writer.Flushed);
        }

        Assert.Equal(log.Position, writer.Flushed);
    }

    /// <summary>One writer's life: a stage that parks it and stops it, and markers that make work until it has.</summary>
    private sealed class Round : IDisposable
    {
        private readonly ConnectionWriter _writer = new(1);
        private readonly RacingSocket _socket;
        private readonly SemaphoreSlim _woken = new(0);
        private readonly TopicLog[] _logs = [.. Enumerable.Range(0, Markers).Select(static _ => new TopicLog(default))];
        private readonly Subscription[] _subscriptions;
        private readonly bool _breaks;
        private int _written;
        private volatile bool _stopped;

        public Round(int sends)
        {
            _breaks = sends != int.MaxValue;
            _socket = new RacingSocket(sends);
            _writer.Attach(_socket, () => _woken.Release());
            _subscriptions = [.. Enumerable.Range(0, Markers).Select(i => new Subscription(_writer, [(byte)i], (uint)i))];
            for (var i = 0; i < Markers; i++)
            {
                _logs[i].Open(_subscriptions[i]);
            }
        }

        public void Mark(int marker)
        {
            // Until it has stopped, and a few times after: those who come late must find it closed.
            for (var (late, n) = (0, 0); late < 3; late += _stopped ? 1 : 0)
            {
                // There are more of them than processors, and the stage has to have its turn.
                if (++n % 4 == 0)
                {
                    Thread.Yield();
                }

                _logs[marker].Append("entry"u8);
                Interlocked.MemoryBarrier();
                _subscriptions[marker].MarkDirty();
                if (_writer.TryTake())
                {
                    _writer.Drain();
                }

                switch (marker)
                {
                    case 0:
                        _writer.Send("control"u8);
                        break;
                    case 1:
                        _writer.SendPong("pong"u8);
                        break;
                    case 2:
                        _writer.Send(new LongFrame([1, 2], new ArraySegment<byte>(new byte[100]), () => Interlocked.Increment(ref _written)));
                        break;
                }
            }
        }

        /// <summary>The stage: parks when idle, writes what comes back to it, and stops after a while or when it is told of the end.</summary>
        public void Run(int turns)
        {
            var held = true;
            while (_breaks ? !_writer.Broken : turns-- > 0)
            {
                if (!held)
                {
                    if (_breaks)
                    {
                        Assert.True(_woken.Wait(Patience, Cancel), "the stage was not told that the connection broke");
                    }
                    else if (!_woken.Wait(0, Cancel))
                    {
                        continue;
                    }

                    held = true;
                }
                else if (_writer.Gather() && !_writer.Broken)
                {
                    _writer.Written();
                }
                else
                {
                    held = !_writer.TryPark();
                }
            }

            _writer.Stop();
            _socket.Dispose();
            _stopped = true;
        }

        public void Check()
        {
            Assert.Equal(WriterState.Closed, _writer.State);
            Assert.Equal((0, 0), (_writer.ControlLength, _writer.Chunk.Length));
            Assert.False(_writer.TryTake());
            Assert.False(_socket.SentAfterwards, "a drainer wrote to a socket that was disposed");
        }

        public void Dispose() => _woken.Dispose();
    }

    /// <summary>Breaks at a send, and knows what came after its end.</summary>
    private sealed class RacingSocket(int sends) : IDirectTransport
    {
        private int _left = sends;
        private volatile bool _disposed;

        public bool SentAfterwards { get; private set; }

        public int TrySend(EgressChunk chunk)
        {
            SentAfterwards |= _disposed;
            return --_left <= 0 ? -1 : chunk.Length;
        }

        public void Dispose() => _disposed = true;
    }
}
