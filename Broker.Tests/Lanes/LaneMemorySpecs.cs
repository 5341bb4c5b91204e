using System.Runtime.CompilerServices;
using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;
using Broker.Tests.Delivery;
using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Lanes;

/// <summary>Two lanes of a node that may keep little: who is cut, and in which order.</summary>
public sealed class LaneMemorySpecs : IDisposable
{
    private const int Bound = 100_000;

    private readonly FanOutPool _pool = new(0);
    private readonly RecordedMetrics _metrics = new();
    private readonly List<int> _woken = [];
    private readonly LogMemory _memory;
    private readonly LaneTopics[] _lanes;
    private long _lastId;

    public LaneMemorySpecs()
    {
        _memory = new LogMemory(Bound, 2, _woken.Add);
        _lanes = [.. Enumerable.Range(0, 2).Select(lane => TestLane.Create(_pool, int.MaxValue, memory: _memory, lane: lane, metrics: _metrics.Metrics))];
    }

    public void Dispose()
    {
        _pool.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void What_several_subscribers_lag_together_counts_once()
    {
        var clients = Enumerable.Range(0, 10).Select(_ => Stalled(0, "a")).ToArray();
        Publish(0, "a", 20_000);

        _lanes[0].Recount();

        Assert.InRange(_memory.Total, 19_000, 21_500);
        Assert.All(clients, static client => Assert.Equal(0, client.Overruns));
        foreach (var client in clients)
        {
            client.Read();
        }

        _lanes[0].Recount();
        Assert.Equal(0, _memory.Total);
    }

    [Fact]
    public void Over_the_bound_the_furthest_behind_is_cut_and_nobody_more_than_needed()
    {
        var (little, much, most) = (Stalled(0, "a"), Stalled(0, "b"), Stalled(0, "c"));
        Publish(0, "a", 20_000);
        Publish(0, "b", 30_000);
        Publish(0, "c", 60_000);

        Assert.Equal((0, 0, 1), (little.Overruns, much.Overruns, most.Overruns));
        Assert.InRange(_memory.Total, 47_000, 55_000);
        Assert.Equal(["broker.memory.cuts disconnect = 1"], Cuts());

        // Told and not closed yet: it counts no more.
        _lanes[0].Recount();
        Assert.Equal((0, 0), (little.Overruns, much.Overruns));
    }

    [Fact]
    public void Of_one_topic_only_the_subscribers_furthest_behind_are_cut()
    {
        var early = Enumerable.Range(0, 5).Select(_ => Stalled(0, "a")).ToArray();
        Publish(0, "a", 80_000);
        var late = Enumerable.Range(0, 5).Select(_ => Stalled(0, "a")).ToArray();
        Publish(0, "a", 30_000);

        Assert.All(early, static client => Assert.Equal(1, client.Overruns));
        Assert.All(late, static client => Assert.Equal(0, client.Overruns));
        Assert.InRange(_memory.Total, 25_000, 32_000);
        Assert.Equal(["broker.memory.cuts disconnect = 5"], Cuts());
    }

    [Theory]
    [InlineData(SlowPolicy.Skip, "skip")]
    [InlineData(SlowPolicy.Latest, "latest")]
    public void A_subscriber_that_may_skip_is_asked_to_and_stays_when_it_does(SlowPolicy policy, string name)
    {
        var (stays, skips) = (Stalled(0, "a"), Stalled(0, "b", policy));
        Publish(0, "a", 40_000);
        Publish(0, "b", 60_000);

        Assert.Equal((0, 0), (stays.Overruns, skips.Overruns));
        Assert.InRange(_memory.Total, 38_000, Bound);
        Assert.Equal([$"broker.memory.cuts {name} = 1", $"broker.topics.skipped {name} = 1"], Cuts());
        var messages = skips.Read();
        Publish(0, "b", 60_010);
        messages.AddRange(skips.Read());
        Assert.Equal(0, skips.Overruns);
        Assert.Contains("\"data\":\"xxxxxxxxxx\"", Encoding.UTF8.GetString(messages[^1]), StringComparison.Ordinal);
        Assert.Equal(policy == SlowPolicy.Skip, messages.Exists(static message => Encoding.UTF8.GetString(message).Contains("\"gap\"", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public void A_subscriber_that_may_skip_and_takes_nothing_is_closed_at_the_next_count(SlowPolicy policy)
    {
        var (stays, stuck) = (Stalled(0, "a"), Stalled(0, "b", policy));
        Publish(0, "a", 40_000);
        Publish(0, "b", 80_000);

        Assert.Equal((0, 1), (stays.Overruns, stuck.Overruns));
        Assert.InRange(_memory.Total, 38_000, Bound);
    }

    [Fact]
    public void The_worst_of_the_node_goes_first_whichever_lane_finds_out()
    {
        var (less, worst) = (Stalled(0, "a"), Stalled(1, "b"));
        Publish(1, "b", 60_000);
        Publish(0, "a", 50_000);

        Assert.Equal((0, 0), (less.Overruns, worst.Overruns));
        Assert.Equal([1], _woken);
        _lanes[1].Flush();
        Assert.Equal((0, 1), (less.Overruns, worst.Overruns));
        Assert.InRange(_memory.Total, 45_000, 55_000);
        _lanes[0].Recount();
        Assert.Equal(0, less.Overruns);
    }

    [Fact]
    public void A_lag_that_is_no_more_is_counted_anew_before_anybody_is_cut()
    {
        var (less, recovers) = (Stalled(0, "a"), Stalled(1, "b"));
        Publish(1, "b", 60_000);
        recovers.Read();
        Publish(0, "a", 50_000);

        Assert.Equal([1], _woken);
        _lanes[1].Flush();
        _lanes[0].Recount();

        Assert.Equal((0, 0), (less.Overruns, recovers.Overruns));
        Assert.InRange(_memory.Total, 45_000, 55_000);
    }

    [Fact]
    public void A_topic_that_is_left_is_counted_no_more()
    {
        var client = Stalled(0, "a");
        Publish(0, "a", 50_000);
        _lanes[0].Leave(client.Subscription);
        _lanes[0].Recount();
        Assert.Equal(0, _memory.Total);
    }

    [Fact]
    public void A_topic_that_is_still_keeps_a_small_array_at_most_and_its_readers_go_on()
    {
        var client = new SlowClient(++_lastId, SlowPolicy.Disconnect, topic: "a");
        var array = Burst();
        _lanes[0].Recount();
        Collect();
        Assert.True(array.IsAlive);

        _lanes[0].Recount();
        Collect();
        Assert.False(array.IsAlive);
        Publish(0, "a", 10);
        Publish(0, "a", 3000);
        Assert.Equal(3 + 1, client.Read().Count);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Burst()
        {
            Run(0, new SubscribeCommand(client.Subscription, WireSamples.Number(1), 0, ActorRefs.Nobody));
            Publish(0, "a", 10_000);
            client.Read();
            client.Subscription.TryPeek(out var segment, out _, out _);
            Assert.InRange(segment!.Bytes.Length, 4000, 64 * 1024);
            return new WeakReference(segment.Bytes);
        }

        static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
    }

    [Fact]
    public void A_topic_that_is_still_is_left_only_by_readers_that_have_read_it()
    {
        var (reads, behind) = (new SlowClient(++_lastId, SlowPolicy.Disconnect, topic: "a"), Stalled(0, "a"));
        Run(0, new SubscribeCommand(reads.Subscription, WireSamples.Number(1), 0, ActorRefs.Nobody));
        Publish(0, "a", 10_000);
        for (var i = 0; i < 3; i++)
        {
            _lanes[0].Recount();
        }

        Assert.Equal(10, behind.Read().Count);
        for (var i = 0; i < 3; i++)
        {
            _lanes[0].Recount();
        }

        Publish(0, "a", 10);
        Assert.Single(behind.Read());
        Assert.Equal(1 + 10 + 1, reads.Read().Count);
    }

    /// <summary>A topic of which nothing was ever published: what a subscription to it costs.</summary>
    [Fact]
    public void A_log_that_nothing_was_appended_to_has_no_array() =>
        Assert.InRange(ThreadAllocation.Least(static () => _ = new TopicLog(default)), 1, 300);

    [Fact]
    public void Arrays_are_as_large_as_some_batches()
    {
        var log = new TopicLog(default);
        var batch = new DrainBatch(_pool);
        var client = new SlowClient(1, SlowPolicy.Disconnect);
        const string Message = "\"a few bytes\"";
        log.Open(client.Subscription);

        Assert.InRange(SizeAfter(batches: 1000, messages: 1), 1024, 2048);
        Assert.Equal(64 * 1024, SizeAfter(batches: 1000, messages: 300));
        Assert.InRange(SizeAfter(batches: 20_000, messages: 1), 1024, 2048);

        int SizeAfter(int batches, int messages)
        {
            for (var i = 0; i < batches; i++)
            {
                for (var n = 0; n < messages; n++)
                {
                    log.Append(Message);
                }

                log.Mark(batch, int.MaxValue);
                batch.Flush();
            }

            client.Subscription.TryPeek(out var segment, out _, out _);
            return segment!.Bytes.Length;
        }
    }

    [Fact]
    public void The_successor_of_a_lane_that_failed_begins_with_nothing()
    {
        Stalled(0, "a");
        Publish(0, "a", 50_000);
        Assert.NotEqual(0, _memory.Total);
        TestLane.Create(_pool, int.MaxValue, memory: _memory);
        Assert.Equal(0, _memory.Total);
    }

    private IReadOnlyList<string> Cuts() => _metrics.Since(new Dictionary<string, long>());

    private SlowClient Stalled(int lane, string topic, SlowPolicy policy = SlowPolicy.Disconnect)
    {
        var client = new SlowClient(++_lastId, policy, topic: topic);
        Run(lane, new SubscribeCommand(client.Subscription, WireSamples.Number(1), 0, ActorRefs.Nobody));
        _lanes[lane].Flush();
        client.Read();
        client.Socket.Room = 0;
        return client;
    }

    /// <summary>As many messages of about 1 KB as make up the bytes, at least one.</summary>
    private void Publish(int lane, string topic, int bytes)
    {
        for (var left = bytes; left > 0; left -= 1000)
        {
            var text = Encoding.UTF8.GetBytes($"\"{new string('x', Math.Min(left, 1000))}\"");
            Run(lane, new PublishCommand(1, Encoding.UTF8.GetBytes(topic), text) { Format = WireFormat.Json });
            _lanes[lane].Flush();
        }
    }

    private void Run(int lane, LaneCommand command)
    {
        _lanes[lane].Execute(command);
        command.Complete();
    }
}
