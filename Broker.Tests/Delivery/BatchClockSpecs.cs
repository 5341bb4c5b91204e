using Broker.Node.Delivery;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Delivery;

public sealed class BatchClockSpecs : IDisposable
{
    private static readonly byte[] Push = ServerFrame.Of("1");

    private readonly FakeTimeProvider _time = new();
    private readonly FanOutPool _pool = new(2);
    private readonly BatchClock _clock;

    public BatchClockSpecs() => _clock = new BatchClock(_pool, _time);

    public void Dispose()
    {
        _clock.Dispose();
        _pool.Dispose();
    }

    [Fact]
    public void A_clock_with_nothing_to_do_sleeps_for_good()
    {
        Assert.Equal(Timeout.Infinite, _clock.Turn());
        Connect(10, () => { })();
        Assert.Equal(10, _clock.Turn());
        _time.Advance(TimeSpan.FromMilliseconds(4));
        Assert.Equal(6, _clock.Turn());
        _time.Advance(TimeSpan.FromMilliseconds(6));

        Assert.Equal(Timeout.Infinite, _clock.Turn());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(300)]
    public void Every_window_ends_at_the_first_turn_after_its_time_in_order(int most)
    {
        var random = new Random(most);
        var (now, ended) = (0, new List<int>());
        var publish = Enumerable.Range(0, 3000).Select(_ => random.Next(1, 1001)).Select(window => (Window: window, Publish: Once(window))).ToArray();
        var left = new Queue<(int Window, Action Publish)>(publish);
        while (ended.Count < publish.Length)
        {
            for (var i = 0; i < 5 && left.TryDequeue(out var next); i++)
            {
                next.Publish();
            }

            var (step, before) = (random.Next(1, most + 1), ended.Count);
            now += step;
            _time.Advance(TimeSpan.FromMilliseconds(step));
            _clock.Turn();
            Assert.All(ended[before..], due => Assert.InRange(now - due, 0, step - 1));
            Assert.Equal(ended[before..].Order(), ended[before..]);
        }

        Assert.Equal(0, _clock.Count);

        Action Once(int window)
        {
            var due = 0;
            var go = Connect(window, () => ended.Add(due));
            return () =>
            {
                due = now + window;
                go();
            };
        }
    }

    [Fact]
    public void A_window_scheduled_while_the_clock_is_late_is_not_ended_early()
    {
        var ended = new List<int>();
        Connect(1000, () => ended.Add(1000))();
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Connect(600, () => ended.Add(1100))();
        Assert.Equal(500, _clock.Turn());
        _time.Advance(TimeSpan.FromMilliseconds(599));
        _clock.Turn();
        Assert.Equal([1000], ended);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _clock.Turn();

        Assert.Equal([1000, 1100], ended);
    }

    [Fact]
    public void A_clock_that_was_late_by_more_than_its_wheel_ends_everything()
    {
        using var ended = new CountdownEvent(1000);
        for (var window = 1; window <= 1000; window++)
        {
            Connect(window, () => ended.Signal())();
        }

        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(Timeout.Infinite, _clock.Turn());

        Assert.True(ended.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void More_windows_than_a_slice_are_drained_by_all_threads()
    {
        const int Count = 5000;
        using var written = new CountdownEvent(Count);
        for (var i = 0; i < Count; i++)
        {
            Connect(20, () => written.Signal())();
        }

        _time.Advance(TimeSpan.FromMilliseconds(20));
        Assert.Equal(Timeout.Infinite, _clock.Turn());

        Assert.True(written.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_thread_ends_windows_whether_it_sleeps_for_good_or_until_a_later_one()
    {
        using var clock = new BatchClock(_pool, TimeProvider.System);
        using var written = new SemaphoreSlim(0);
        clock.Start();
        var late = Connect(1000, () => written.Release(), clock);
        for (var i = 0; i < 20; i++)
        {
            Connect(1 + (i % 3), () => written.Release(), clock)();
            Assert.True(written.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            if (i == 10)
            {
                late();
            }
        }
    }

    [Fact]
    public void A_clock_that_was_disposed_takes_nothing()
    {
        var publish = Connect(10, () => Assert.Fail("It has ended."));
        _clock.Dispose();
        publish();

        Assert.Equal(0, _clock.Count);
    }

    /// <summary>A connection with a window of so many milliseconds; the result publishes to it.</summary>
    private Action Connect(int milliseconds, Action written, BatchClock? clock = null)
    {
        var writer = new ConnectionWriter(1);
        writer.Attach(new FakeSocket { Sending = written }, () => { });
        writer.GatherPushes(clock ?? _clock, TimeSpan.FromMilliseconds(milliseconds), 64 * 1024, WireFormat.Json);
        writer.TryPark();
        var (log, lane) = (new TopicLog(default), new DrainBatch(_pool));
        log.Open(new Subscription(writer, "t"u8.ToArray(), 1));
        return () =>
        {
            log.Append(Push, 0);
            log.Mark(lane, 1 << 20);
            lane.Flush();
        };
    }
}
