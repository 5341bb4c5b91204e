using System.Runtime.CompilerServices;
using Broker.Node.Delivery;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Delivery;

/// <summary>A writer that gathers pushes, and every transition of its window, on a clock that the specs turn.</summary>
public sealed class BatchWindowSpecs : IDisposable
{
    private const int Milliseconds = 10;
    private const int Full = 64 * 1024;
    private const int LagLimit = 1 << 20;

    private readonly FakeTimeProvider _time = new();
    private readonly FanOutPool _pool = new(0);
    private readonly DrainBatch _lane;
    private readonly FakeSocket _socket = new();
    private readonly ConnectionWriter _writer = new(1);
    private readonly TopicLog _log = new(default);
    private readonly Subscription _subscription;
    private int _wakes;

    public BatchWindowSpecs()
    {
        _lane = new DrainBatch(_pool);
        _writer.Attach(_socket, () => _wakes++);
        _writer.GatherPushes(TimeSpan.FromMilliseconds(Milliseconds), Full, _time);
        _subscription = Subscribe(_log);
    }

    private IEnumerable<string> Frames => ServerFrame.ReadAll(_socket.Bytes).Select(static frame => string.Join(' ', frame.Messages()));

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Pushes_wait_for_the_end_of_their_window_and_go_out_as_one_array()
    {
        _writer.TryPark();
        Publish("1");
        Pass(Milliseconds - 1);
        Publish("2");
        Assert.Equal((0, WriterState.Parked), (_socket.Sends, _writer.State));

        Pass(1);

        Assert.Equal(["1 2"], Frames);
        Assert.Equal((1, WriterState.Parked), (_socket.Sends, _writer.State));
    }

    [Fact]
    public void A_push_alone_is_an_ordinary_message()
    {
        _writer.TryPark();
        Publish("""{"type":"message"}""");
        Pass(Milliseconds);

        Assert.Equal(ServerFrame.Of("""{"type":"message"}"""), _socket.Bytes);
    }

    [Fact]
    public void A_window_opens_with_the_first_push_after_the_last_one()
    {
        _writer.TryPark();
        Publish("1");
        Pass(Milliseconds);
        Pass(Milliseconds / 2);
        Publish("2");
        Pass(Milliseconds - 1);
        Assert.Equal(["1"], Frames);
        Pass(1);

        Assert.Equal(["1", "2"], Frames);
    }

    [Fact]
    public void Control_frames_go_out_at_once_and_leave_the_window_as_it_is()
    {
        _writer.TryPark();
        Publish("1");
        _writer.Send(ServerFrame.Of("\"reply\""));
        Assert.Equal(["\"reply\""], Frames);
        Assert.Equal(WriterState.Parked, _writer.State);
        Pass(Milliseconds);

        Assert.Equal(["\"reply\"", "1"], Frames);
    }

    [Fact]
    public void Topics_share_an_array_in_the_order_in_which_they_were_marked()
    {
        var other = new TopicLog(default);
        Subscribe(other);
        _writer.TryPark();
        Publish("1");
        Publish("\"other\"", other);
        Publish("2");
        Pass(Milliseconds);

        Assert.Equal(["1 2 \"other\""], Frames);
    }

    [Fact]
    public void A_stage_parks_while_pushes_are_gathered_and_does_not_when_their_window_is_over()
    {
        Publish("1");
        Assert.True(_writer.TryPark());
        Assert.True(_writer.TryTake());
        _writer.Drain();
        Assert.Equal((0, WriterState.Parked), (_socket.Sends, _writer.State));

        Pass(Milliseconds);
        Assert.Equal(["1"], Frames);
    }

    [Fact]
    public void A_window_that_is_over_before_the_stage_parks_keeps_it_from_parking()
    {
        Publish("1");
        Pass(Milliseconds);

        Assert.Equal(WriterState.Stage, _writer.State);
        Assert.False(_writer.TryPark());
        Assert.True(_writer.Gather());
    }

    [Fact]
    public void A_push_marked_while_somebody_drains_waits_for_the_next_window()
    {
        _writer.TryPark();
        Publish("1");
        _socket.Sending = () =>
        {
            _socket.Sending = null;
            Publish("2");
            Assert.Equal(WriterState.Draining, _writer.State);
        };
        Pass(Milliseconds);
        Assert.Equal(["1"], Frames);
        Assert.Equal(WriterState.Parked, _writer.State);
        Pass(Milliseconds);

        Assert.Equal(["1", "2"], Frames);
    }

    [Fact]
    public void A_window_that_ends_while_somebody_drains_is_written_by_the_drainer()
    {
        _writer.TryPark();
        Publish("1");
        _socket.Sending = () =>
        {
            _socket.Sending = null;
            Pass(Milliseconds);
            Assert.Equal(WriterState.DrainingAgain, _writer.State);
        };
        _writer.Send(ServerFrame.Of("\"reply\""));

        Assert.Equal(["\"reply\"", "1"], Frames);
        Assert.Equal(WriterState.Parked, _writer.State);
    }

    [Fact]
    public void A_window_that_ends_while_the_stage_holds_the_writer_is_the_stages()
    {
        _writer.TryPark();
        _socket.Room = 1;
        var reply = ServerFrame.Of("\"reply\"");
        _writer.Send(reply);
        Assert.Equal((WriterState.Stage, 1), (_writer.State, _wakes));
        Publish("1");
        Publish("2");
        Pass(Milliseconds);
        Assert.Equal((WriterState.Stage, 1), (_writer.State, _wakes));

        Assert.Equal(reply[1..], Taken());
        Assert.Equal(["1 2"], ServerFrame.ReadAll(Taken()).Select(static frame => string.Join(' ', frame.Messages())));
        Assert.False(_writer.Gather());
        Assert.True(_writer.TryPark());
    }

    [Fact]
    public void A_push_marked_right_after_its_cursor_was_taken_waits_for_the_next_window()
    {
        DuringGather(() => Publish("2"));
        Assert.Equal(["\"reply\"", "1"], Gathered());
        Assert.True(_writer.TryPark());
        Pass(Milliseconds);

        Assert.Equal(["2"], Frames);
    }

    [Fact]
    public void A_push_seen_before_its_mark_goes_with_the_others_and_its_window_is_empty()
    {
        DuringGather(() => _log.Append("2", 0));
        Assert.Equal(["\"reply\"", "1 2"], Gathered());
        Assert.True(_writer.TryPark());
        Mark(_log);
        Pass(Milliseconds);

        Assert.Equal((0, WriterState.Parked), (_socket.Sends, _writer.State));
    }

    [Fact]
    public void A_reply_queued_while_the_array_is_made_goes_before_or_behind_the_array()
    {
        DuringGather(() => _writer.Send(ServerFrame.Of("\"second\"")));
        Assert.Equal(["\"reply\"", "\"second\""], Gathered());
        Assert.Equal(["1"], Gathered());
        Assert.False(_writer.Gather());
    }

    [Fact]
    public void A_window_is_over_when_an_array_is_full()
    {
        _writer.TryPark();
        var push = $"\"{new string('x', 9_998)}\"";
        for (var i = 0; i < 6; i++)
        {
            Publish(push);
        }

        Assert.Equal(0, _socket.Sends);
        Publish(push);

        Assert.Equal(7, ServerFrame.ReadAll(_socket.Bytes).Sum(static frame => frame.Messages().Count));
        Assert.Equal(WriterState.Parked, _writer.State);

        // The next window is as long as every other.
        Pass(Milliseconds / 2);
        var sends = _socket.Sends;
        Publish("1");
        Pass(Milliseconds - 1);
        Assert.Equal(sends, _socket.Sends);
        Pass(1);
        Assert.Equal("1", Frames.Last());
    }

    [Fact]
    public void A_topic_that_flows_faster_than_the_lag_bound_in_a_window_is_not_lag()
    {
        var overruns = 0;
        _writer.Observer = new WriterEvents { OnOverrun = () => overruns++ };
        _writer.TryPark();
        for (var i = 0; i < 100; i++)
        {
            Publish($"\"{new string('x', 60_000)}\"", lagLimit: 2 * Full);
        }

        Pass(Milliseconds);
        Assert.Equal((0, 100), (overruns, ServerFrame.ReadAll(_socket.Bytes).Sum(static frame => frame.Messages().Count)));
    }

    [Fact]
    public void A_client_that_does_not_read_overruns_its_bound()
    {
        var overruns = 0;
        _writer.Observer = new WriterEvents { OnOverrun = () => overruns++ };
        _writer.TryPark();
        _socket.Room = 0;
        for (var i = 0; i < 40; i++)
        {
            Publish($"\"{new string('x', 60_000)}\"");
        }

        Assert.Equal((1, WriterState.Stage), (overruns, _writer.State));
    }

    [Fact]
    public void A_push_too_large_to_share_an_array_goes_alone_as_it_lies()
    {
        _writer.TryPark();
        var large = $"\"{new string('x', 70_000)}\"";
        Append("1", "2", large, "3", large);
        Mark(_log);

        Assert.Equal(["1 2", large, "3", large], Frames);
    }

    [Fact]
    public void Control_frames_larger_than_a_chunk_go_out_whole_before_the_array()
    {
        var control = Enumerable.Repeat((byte)'c', 200_000).ToArray();
        Publish("1");
        _writer.Send(control);
        Pass(Milliseconds);
        var written = new MemoryStream();
        while (_writer.Gather())
        {
            written.Write(Taken());
        }

        Assert.Equal([.. control, .. ServerFrame.Of("1")], written.ToArray());
    }

    [Fact]
    public void Nothing_that_was_gathered_comes_after_the_cursor_was_closed()
    {
        _writer.TryPark();
        Publish("1");
        _log.Close(_subscription);
        _writer.Send(ServerFrame.Of("\"unsubscribed\""));
        Pass(Milliseconds);

        Assert.Equal(["\"unsubscribed\""], Frames);
        Assert.Equal(WriterState.Parked, _writer.State);
    }

    [Fact]
    public void After_the_last_frame_what_was_gathered_is_not_written()
    {
        _writer.TryPark();
        Publish("1");
        _writer.Finish(ServerFrame.Of("\"close\""));
        Pass(Milliseconds);

        Assert.Equal(["\"close\""], Frames);
        Assert.True(_writer.Finished);
        Assert.Equal(WriterState.Stage, _writer.State);
    }

    [Fact]
    public void Own_pushes_of_a_connection_without_echo_are_in_no_array()
    {
        _writer.TryPark();
        _log.Append("1", 0);
        _log.Append("2", 1);
        _log.Append("3", 2);
        Mark(_log);
        Pass(Milliseconds);

        Assert.Equal(["1 3"], Frames);
    }

    [Fact]
    public void A_connection_that_ends_in_a_window_writes_nothing_more()
    {
        _writer.TryPark();
        Publish("1");
        _writer.Stop();
        Pass(Milliseconds);

        Assert.Equal((0, WriterState.Closed), (_socket.Sends, _writer.State));
    }

    [Fact]
    public void A_connection_that_has_ended_is_not_kept_by_its_window()
    {
        var connection = EndInWindow();
        GC.Collect();

        Assert.False(connection.IsAlive);
    }

    [Fact]
    public void Gathering_allocates_nothing()
    {
        var (socket, writer) = (new Counter(), new ConnectionWriter(2));
        writer.Attach(socket, static () => throw new InvalidOperationException("The socket takes everything."));
        writer.GatherPushes(TimeSpan.FromMilliseconds(Milliseconds), Full, new Untimed());
        writer.TryPark();
        var other = new TopicLog(default);
        Array.ForEach([_log, other], log => log.Open(new Subscription(writer, "t"u8.ToArray(), 1)));
        var (push, allocated) = ("""{"type":"message","topic":"t","data":"hello"}""", 0L);
        for (var round = 0; round < 2000; round++)
        {
            for (var i = 0; i < 5; i++)
            {
                _log.Append(push);
                other.Append(push);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            Mark(_log);
            Mark(other);
            allocated += round < 100 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;

            // As the timer does when the time is up.
            Assert.True(writer.Window!.Fill(Full));
            Assert.True(writer.TryTake());
            before = GC.GetAllocatedBytesForCurrentThread();
            writer.Drain();
            allocated += round < 100 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
        Assert.InRange(socket.Sends, 1000, 2000);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference EndInWindow()
    {
        var writer = new ConnectionWriter(2);
        writer.Attach(new FakeSocket(), static () => { });
        writer.GatherPushes(TimeSpan.FromMilliseconds(Milliseconds), Full, _time);
        var log = new TopicLog(default);
        log.Open(new Subscription(writer, "u"u8.ToArray(), 2));
        writer.TryPark();
        Publish("1", log);
        writer.Stop();
        return new WeakReference(writer);
    }

    /// <summary>The stage holds the writer, with a reply and a push in a window that is over; <paramref name="action"/> comes after the cursor was looked at.</summary>
    private void DuringGather(Action action)
    {
        _writer.Observer = new WriterEvents
        {
            OnControlDrained = () =>
            {
                _writer.Observer = null;
                action();
            },
        };
        _writer.Send(ServerFrame.Of("\"reply\""));
        Publish("1");
        Pass(Milliseconds);
    }

    private IEnumerable<string> Gathered() => ServerFrame.ReadAll(Taken()).Select(static frame => string.Join(' ', frame.Messages()));

    /// <summary>The next chunk, written by the stage.</summary>
    private byte[] Taken()
    {
        Assert.True(_writer.Gather());
        var bytes = _writer.Chunk.Span.ToArray();
        _writer.Written();
        return bytes;
    }

    private Subscription Subscribe(TopicLog log)
    {
        var subscription = new Subscription(_writer, "t"u8.ToArray(), 1);
        log.Open(subscription);
        return subscription;
    }

    private void Append(params string[] messages) => Array.ForEach(messages, message => _log.Append(message));

    private void Publish(string message, TopicLog? log = null, int lagLimit = LagLimit)
    {
        (log ?? _log).Append(message);
        Mark(log ?? _log, lagLimit);
    }

    private void Mark(TopicLog log, int lagLimit = LagLimit)
    {
        log.Mark(_lane, lagLimit);
        _lane.Flush();
    }

    private void Pass(int milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
    }

    private sealed class Counter : IDirectTransport
    {
        public int Sends { get; private set; }

        public int TrySend(EgressChunk chunk)
        {
            Sends++;
            return chunk.Length;
        }
    }

    /// <summary>Timers that never end; those of a clock that tests move allocate.</summary>
    private sealed class Untimed : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
