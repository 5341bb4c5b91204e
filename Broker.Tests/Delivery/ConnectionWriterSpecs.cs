using System.Text;
using Broker.Node.Delivery;
using Broker.Node.Transports.WebSocket;
using Broker.Tests.Support;

namespace Broker.Tests.Delivery;

public sealed class ConnectionWriterSpecs
{
    private readonly FakeSocket _socket = new();
    private readonly ConnectionWriter _writer = new(1);
    private int _wakes;

    public ConnectionWriterSpecs() => _writer.Attach(_socket, () => _wakes++);

    [Fact]
    public void A_fresh_writer_is_the_stages_and_what_is_sent_waits_for_it()
    {
        _writer.Send("a"u8);

        Assert.Equal(WriterState.Stage, _writer.State);
        Assert.Equal(0, _socket.Sends);
        Assert.Equal(1, _writer.ControlLength);
    }

    [Fact]
    public void A_stage_with_nothing_to_write_parks()
    {
        Assert.True(_writer.TryPark());
        Assert.Equal(WriterState.Parked, _writer.State);
    }

    [Fact]
    public void A_stage_that_finds_work_while_parking_keeps_the_writer()
    {
        _writer.Send("a"u8);

        Assert.False(_writer.TryPark());
        Assert.Equal(WriterState.Stage, _writer.State);
    }

    [Fact]
    public void Work_on_a_parked_writer_is_written_by_its_maker_and_the_writer_parks_again()
    {
        _writer.TryPark();

        _writer.Send("a"u8);

        Assert.Equal("a", _socket.Text);
        Assert.Equal(WriterState.Parked, _writer.State);
        Assert.Equal(0, _wakes);
    }

    [Fact]
    public void Work_made_visible_while_somebody_drains_is_written_by_the_drainer()
    {
        _writer.TryPark();
        var state = WriterState.Closed;
        _socket.Sending = () =>
        {
            _socket.Sending = null;
            _writer.Send("b"u8);
            state = _writer.State;
        };

        _writer.Send("a"u8);

        Assert.Equal(WriterState.DrainingAgain, state);
        Assert.Equal("ab", _socket.Text);
        Assert.Equal(WriterState.Parked, _writer.State);
    }

    [Fact]
    public void A_second_taker_gets_nothing()
    {
        _writer.TryPark();

        Assert.True(_writer.TryTake());
        Assert.False(_writer.TryTake());
        Assert.Equal(WriterState.Taken, _writer.State);
        Assert.False(_writer.TryTake());
        _writer.Drain();
        Assert.Equal(WriterState.Parked, _writer.State);
    }

    [Fact]
    public void What_the_kernel_does_not_take_goes_back_to_the_stage_with_the_writer()
    {
        _writer.TryPark();
        _socket.Room = 2;

        _writer.Send("abcde"u8);

        Assert.Equal(WriterState.Stage, _writer.State);
        Assert.Equal(1, _wakes);
        Assert.True(_writer.Gather());
        Assert.Equal("cde", Encoding.UTF8.GetString(_writer.Chunk.Span));
        Assert.False(_writer.Broken);
    }

    [Fact]
    public void A_broken_socket_goes_back_to_the_stage_marked_broken()
    {
        _writer.TryPark();
        _socket.IsBroken = true;

        _writer.Send("a"u8);

        Assert.True(_writer.Broken);
        Assert.Equal(WriterState.Stage, _writer.State);
        Assert.Equal(1, _wakes);
    }

    [Fact]
    public void A_stream_that_takes_everything_at_once_is_written_by_the_drainer()
    {
        var stream = new FakeStream();
        _writer.Attach(new DirectStream(stream), () => _wakes++);
        _writer.TryPark();

        _writer.Send("a"u8);
        _writer.Send("b"u8);

        Assert.Equal(["a", "b"], stream.Writes);
        Assert.Equal((WriterState.Parked, 0), (_writer.State, _wakes));
        Assert.Equal(0, _writer.Chunk.Length);
    }

    [Fact]
    public void A_write_to_a_stream_that_does_not_end_at_once_is_handed_back_under_way()
    {
        var stream = new FakeStream { Pending = new TaskCompletionSource() };
        _writer.Attach(new DirectStream(stream), () => _wakes++);
        _writer.TryPark();

        _writer.Send("a"u8);
        _writer.Send("b"u8);

        Assert.Equal((WriterState.Stage, 1), (_writer.State, _wakes));
        Assert.Equal("a"u8, _writer.Chunk.Span);
        Assert.False(_writer.Chunk.Pending!.IsCompleted);
        stream.Pending.SetResult();
        Assert.True(_writer.Chunk.Pending.IsCompletedSuccessfully);
        _writer.Written();
        Assert.Null(_writer.Chunk.Pending);
        Assert.True(_writer.Gather());
        Assert.Equal("b"u8, _writer.Chunk.Span);
        Assert.Equal(["a"], stream.Writes);
    }

    /// <param name="thrown">By the call, or by what it returns.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failure_of_a_stream_is_left_to_the_stage_whatever_it_is(bool thrown)
    {
        var failure = new NotSupportedException();
        _writer.Attach(new DirectStream(new FakeStream { Failure = failure, Throws = thrown }), () => _wakes++);
        _writer.TryPark();

        _writer.Send("a"u8);

        Assert.Equal((WriterState.Stage, 1), (_writer.State, _wakes));
        Assert.Same(failure, _writer.Chunk.Pending!.Exception!.InnerException);
    }

    [Fact]
    public void Nothing_is_written_after_the_last_frame()
    {
        _writer.TryPark();

        _writer.Finish("close"u8);
        _writer.Send("late"u8);
        _writer.SendPong("pong"u8);

        Assert.Equal("close", _socket.Text);
        Assert.True(_writer.Finished);
        Assert.Equal(WriterState.Stage, _writer.State);
        Assert.Equal(1, _wakes);
    }

    [Fact]
    public void A_burst_of_pongs_waits_whole()
    {
        _writer.SendPong("p1 "u8);
        _writer.SendPong("second "u8);
        _writer.SendPong(""u8);
        _writer.SendPong("p3"u8);

        Assert.True(_writer.Gather());
        Assert.Equal("p1 second p3", Encoding.UTF8.GetString(_writer.Chunk.Span));
    }

    [Fact]
    public void Where_pongs_have_no_room_only_the_latest_waits_whatever_their_lengths()
    {
        var pong = new byte[127];
        _writer.Send("x"u8);
        for (var i = 0; i < 10_000; i++)
        {
            _writer.SendPong(pong.AsSpan(0, 2 + (i % 126)));
            Assert.True(_writer.ControlLength < ControlFrames.PongRoom + pong.Length, $"{_writer.ControlLength} bytes wait");
        }

        _writer.SendPong("the latest"u8);

        Assert.True(_writer.Gather());
        var sent = Encoding.UTF8.GetString(_writer.Chunk.Span);
        Assert.True(sent.Length > ControlFrames.PongRoom - 254, $"{sent.Length} bytes");
        Assert.StartsWith("x\0", sent, StringComparison.Ordinal);
        Assert.EndsWith("\0the latest", sent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_frame_is_written_whole_from_its_own_array_and_told()
    {
        var payload = Enumerable.Repeat((byte)'p', 100_000).ToArray();
        var written = 0;
        _writer.TryPark();
        _writer.Send("a"u8);
        _socket.Room = 5;

        _writer.Send(new LongFrame([1, 2], new ArraySegment<byte>(payload), () => written++));

        Assert.Equal((WriterState.Stage, 0), (_writer.State, written));
        _writer.Send("b"u8);
        Assert.True(_writer.Gather());
        Assert.Same(payload, _writer.Chunk.Array);
        Assert.Equal((3, 99_997), (_writer.Chunk.Offset, _writer.Chunk.Length));
        _writer.Written();
        Assert.Equal(1, written);
        Assert.True(_writer.Gather());
        Assert.Equal("b", Encoding.UTF8.GetString(_writer.Chunk.Span));
    }

    [Fact]
    public void A_close_waits_for_a_long_frame_that_has_begun_and_replaces_one_that_has_not()
    {
        var payload = new byte[10];
        _writer.Send(new LongFrame([1], new ArraySegment<byte>(payload), static () => { }));
        Assert.True(_writer.Gather());
        _writer.Written();
        _writer.Finish("close"u8);
        Assert.False(_writer.Finished);
        Assert.True(_writer.Gather());
        Assert.Same(payload, _writer.Chunk.Array);
        _writer.Written();
        Assert.True(_writer.Gather());
        Assert.Equal("close", Encoding.UTF8.GetString(_writer.Chunk.Span));
        _writer.Written();
        Assert.True(_writer.Finished);

        var other = new ConnectionWriter(2);
        other.Send(new LongFrame([1], new ArraySegment<byte>(payload), static () => { }));
        other.Finish("close"u8);
        Assert.True(other.Gather());
        Assert.Equal("close", Encoding.UTF8.GetString(other.Chunk.Span));
        other.Written();
        Assert.True(other.Finished);
    }

    [Fact]
    public void A_pong_behind_another_frame_does_not_replace_an_earlier_pong()
    {
        _writer.SendPong("p1"u8);
        _writer.Send("x"u8);
        _writer.SendPong("p2"u8);

        Assert.True(_writer.Gather());
        Assert.Equal("p1xp2", Encoding.UTF8.GetString(_writer.Chunk.Span));
    }

    [Fact]
    public void A_stopped_writer_is_closed_for_ever_and_holds_nothing()
    {
        _writer.TryPark();
        _writer.Stop();

        _writer.Send("a"u8);

        Assert.Equal(WriterState.Closed, _writer.State);
        Assert.Equal(0, _writer.ControlLength);
        Assert.Equal("", _socket.Text);
        Assert.False(_writer.TryTake());
    }

    [Fact]
    public void Stopping_does_not_wait_for_who_has_taken_the_writer_and_not_begun()
    {
        _writer.TryPark();
        Assert.True(_writer.TryTake());
        _writer.Send("late"u8);

        _writer.Stop();

        Assert.Equal(WriterState.Closed, _writer.State);
        _writer.Drain();
        Assert.Equal(WriterState.Closed, _writer.State);
        Assert.Empty(_socket.Bytes);
    }

    [Fact]
    public void Whatever_throws_breaks_this_connection_and_goes_back_to_the_stage()
    {
        var failures = new List<Exception>();
        _writer.Observer = new WriterEvents { OnFailed = failures.Add };
        _writer.TryPark();
        _socket.Sending = static () => throw new InvalidOperationException("seeded");

        _writer.Send("a"u8);

        Assert.True(_writer.Broken);
        Assert.Equal((WriterState.Stage, 1), (_writer.State, _wakes));
        Assert.Equal("seeded", Assert.Single(failures).Message);
        _writer.Stop();
        Assert.Equal(WriterState.Closed, _writer.State);
    }

    [Fact]
    public void A_client_that_takes_everything_keeps_its_drainer_for_a_mebibyte()
    {
        var log = new TopicLog(default);
        var subscription = new Subscription(_writer, "t"u8.ToArray(), 1);
        log.Open(subscription);
        _writer.TryPark();
        for (var i = 0; i < 60; i++)
        {
            log.Append(new byte[50_000]);
        }

        subscription.MarkDirty();
        Assert.True(_writer.TryTake());
        _writer.Drain();

        Assert.Equal((WriterState.Stage, 1), (_writer.State, _wakes));
        Assert.InRange(_socket.Bytes.Length, 1024 * 1024, (1024 + 64) * 1024);
        while (_writer.Gather())
        {
            _writer.Written();
        }

        Assert.Equal(60 * (4 + 50_000), _writer.Flushed);
    }

    [Fact]
    public async Task Stopping_waits_for_a_drainer_to_hand_back()
    {
        _writer.TryPark();
        using var sending = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _socket.Sending = () =>
        {
            sending.Set();
            goOn.Wait(TestContext.Current.CancellationToken);
        };
        var drainer = Task.Run(() => _writer.Send("a"u8), TestContext.Current.CancellationToken);
        sending.Wait(TestContext.Current.CancellationToken);
        var stop = Task.Run(_writer.Stop, TestContext.Current.CancellationToken);

        Assert.False(stop.IsCompleted);
        goOn.Set();
        await drainer;
        await stop;
        Assert.Equal(WriterState.Closed, _writer.State);
    }

    [Fact]
    public void Control_frames_larger_than_a_chunk_go_out_whole_before_any_push()
    {
        var log = new TopicLog(default);
        var subscription = new Subscription(_writer, "t"u8.ToArray(), 1);
        log.Open(subscription);
        log.Append("push"u8);
        subscription.MarkDirty();
        var control = Enumerable.Repeat((byte)'c', 200_000).ToArray();
        _writer.Send(control);
        Assert.False(_writer.TryPark());

        var written = new MemoryStream();
        while (_writer.Gather())
        {
            written.Write(_writer.Chunk.Span);
            _writer.Written();
        }

        Assert.Equal([.. control, 0x82, 4, .. "push"u8], written.ToArray());
        Assert.Equal(200_006, _writer.Flushed);
    }

    [Fact]
    public void Whoever_waits_for_room_among_control_frames_is_told_when_they_have_gone()
    {
        var drained = 0;
        _writer.Observer = new WriterEvents { OnControlDrained = () => drained++ };
        _writer.Send("a"u8);

        _writer.Gather();

        Assert.Equal(1, drained);
    }

    /// <summary>
    /// 8 markers append and mark, drainers drain where they took, the stage has demand at random: at the end every byte
    /// has gone out, in order, and nobody sleeps on work.
    /// </summary>
    [Theory]
    [InlineData(200_000)]
    public async Task Nothing_stays_unsent_whoever_marks_drains_and_parks(int rounds)
    {
        rounds = Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1" ? 10_000_000 : rounds;
        const int Markers = 8;
        var random = new Random(42);
        var wake = new SemaphoreSlim(0);
        var socket = new CountingSocket(Markers);
        var writer = new ConnectionWriter(1);
        writer.Attach(socket, () => wake.Release());
        var cancellation = TestContext.Current.CancellationToken;
        var logs = new TopicLog[Markers];
        var subscriptions = new Subscription[Markers];
        for (var i = 0; i < Markers; i++)
        {
            logs[i] = new TopicLog(default);
            subscriptions[i] = new Subscription(writer, [(byte)i], (uint)i);
            logs[i].Open(subscriptions[i]);
        }

        using var stopped = new CancellationTokenSource();
        var stage = Task.Run(
            () =>
            {
                // The stage: holds the writer after a hand-back, writes what is left in its own time, parks when idle.
                var held = true;
                while (true)
                {
                    while (held)
                    {
                        if (writer.Gather())
                        {
                            socket.TakeAll(writer.Chunk.Span);
                            writer.Written();
                            if (random.Next(4) == 0)
                            {
                                Thread.Yield();
                            }
                        }
                        else if (writer.TryPark())
                        {
                            held = false;
                        }
                    }

                    try
                    {
                        wake.Wait(stopped.Token);
                        held = true;
                    }
                    catch (OperationCanceledException)
                    {
                        return;
                    }
                }
            },
            cancellation);

        var markers = Enumerable.Range(0, Markers).Select(i => Task.Run(
            () =>
            {
                Span<byte> entry = stackalloc byte[5];
                for (var n = 1; n <= rounds / Markers; n++)
                {
                    entry[0] = (byte)i;
                    BitConverter.TryWriteBytes(entry[1..], n);
                    logs[i].Append(entry);
                    Interlocked.MemoryBarrier();
                    subscriptions[i].MarkDirty();
                    if (writer.TryTake())
                    {
                        writer.Drain();
                    }
                }
            },
            cancellation)).ToArray();
        await Task.WhenAll(markers);
        await socket.Expect(rounds / Markers).WaitAsync(TimeSpan.FromSeconds(30), cancellation);
        await stopped.CancelAsync();
        await stage;

        Assert.Null(socket.Disorder);
        Assert.Equal(WriterState.Parked, writer.State);
    }

    /// <summary>Parses entries of (marker, number), takes sends by halves at times, and checks each marker's order.</summary>
    private sealed class CountingSocket(int markers) : IDirectTransport
    {
        /// <summary>An entry lies behind the header of its frame.</summary>
        private const int Header = 2;

        private readonly int[] _last = new int[markers];
        private readonly byte[] _partial = new byte[Header + 5];
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _partialLength;
        private int _expected = int.MaxValue;
        private int _sends;

        public string? Disorder { get; private set; }

        public int TrySend(EgressChunk chunk)
        {
            var count = ++_sends % 17 == 0 ? chunk.Length / 2 : chunk.Length;
            TakeAll(chunk.Span[..count]);
            return count;
        }

        public void TakeAll(ReadOnlySpan<byte> bytes)
        {
            foreach (var b in bytes)
            {
                _partial[_partialLength++] = b;
                if (_partialLength == _partial.Length)
                {
                    _partialLength = 0;
                    var number = BitConverter.ToInt32(_partial, Header + 1);
                    if (number != _last[_partial[Header]] + 1)
                    {
                        Disorder ??= $"marker {_partial[Header]}: {number} after {_last[_partial[Header]]}";
                    }

                    Volatile.Write(ref _last[_partial[Header]], number);
                }
            }

            Check();
        }

        public Task Expect(int each)
        {
            Volatile.Write(ref _expected, each);
            Interlocked.MemoryBarrier();
            Check();
            return _done.Task;
        }

        private void Check()
        {
            var expected = Volatile.Read(ref _expected);
            if (expected != int.MaxValue && Array.TrueForAll(_last, n => n == expected))
            {
                _done.TrySetResult();
            }
        }
    }
}
