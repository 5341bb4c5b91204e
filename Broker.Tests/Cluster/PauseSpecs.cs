using System.Diagnostics;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>A node stands still under load (SIGSTOP) and wakes before or after the others have given it up.</summary>
public sealed class PauseSpecs : ProcessClusterSpecs
{
    private const string Topic = "pause.load";
    private const long Mebibyte = 1024 * 1024;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Paused_node_holds_nobody_up_and_sees_a_gap_when_it_wakes()
    {
        // The others must not decide before it wakes. The flood is as fast as the publisher gets: on a busy machine a listener
        // may lag, which is not what is looked at here.
        Configure("akka.cluster.split-brain-resolver.stable-after = 30s\nbroker.limits { lag = 256m\n lag-time = 2m }");
        var nodes = await StartThreeAsync();
        var (first, second, third) = (nodes[0], nodes[1], nodes[2]);
        var atSecond = await ListenAsync(second, Topic);
        var atThird = await ListenAsync(third, Topic);
        var talker = await TalkAsync(first, Topic, "one", padding: 1024, burst: 16);
        await Task.WhenAll(UnderWayAsync(atSecond, 20_000), UnderWayAsync(atThird, 20_000));
        var before = Percentile(atThird.TakeLatencies());
        var resident = first.ResidentBytes;

        second.Signal(UnixSignal.Stop);
        var stopped = Stopwatch.GetTimestamp();
        await Task.WhenAll(UnreachableSeenAsync(first), UnreachableSeenAsync(third));
        var unreachable = Stopwatch.GetTimestamp();
        var most = first.ResidentBytes;
        await atThird.UntilAsync(
            it =>
            {
                most = Math.Max(most, it.Sampled ? first.ResidentBytes : 0);
                return Stopwatch.GetElapsedTime(unreachable, it.LastSent) > TimeSpan.FromSeconds(3);
            },
            Cancellation);
        var during = atThird.TakeLatencies();
        var woken = Stopwatch.GetTimestamp();
        second.Signal(UnixSignal.Continue);
        await atSecond.UntilAsync(static it => it.Gaps > 0, Cancellation);
        var gap = Stopwatch.GetElapsedTime(woken, atSecond.FirstGap);
        var here = atSecond.Last("one");
        await atSecond.UntilAsync(it => it.Last("one") > here + 1000, Cancellation);
        var last = await talker.StopAsync();
        await Task.WhenAll(atSecond.UntilAsync(it => it.Last("one") == last, Cancellation), atThird.UntilAsync(it => it.Last("one") == last, Cancellation));

        Report($"p99 before {before.P99.TotalMilliseconds:F1} ms; during {Percentile(during).P99.TotalMilliseconds:F1} ms, longest {during[^1].TotalMilliseconds:F0} ms of {during.Count}; slowest acknowledgement {talker.Slowest.TotalMilliseconds:F0} ms");
        Report($"unreachable after {Stopwatch.GetElapsedTime(stopped, unreachable).TotalSeconds:F1} s; gap {gap.TotalSeconds:F2} s after waking; resident {resident / Mebibyte} MiB, at most {most / Mebibyte} MiB; missed there {atSecond.Missed("one")}");
        Assert.InRange(during[^1], TimeSpan.Zero, Bound);
        Assert.InRange(most - resident, long.MinValue, 64 * Mebibyte);
        Assert.Empty(atSecond.Faults);
        Assert.Empty(atThird.Faults);
        Assert.Equal(0, atThird.Missed("one"));
        await AssertFlowsAgainAsync("pause.after", nodes);
    }

    /// <summary>As long as a collection of a large heap, or a machine that is moved, may take.</summary>
    [Fact]
    public async Task Node_that_stood_still_for_two_seconds_stays_and_so_do_its_clients()
    {
        var nodes = await StartThreeAsync();
        var (first, second, third) = (nodes[0], nodes[1], nodes[2]);
        var atFirst = await ListenAsync(first, Topic);
        var atSecond = await ListenAsync(second, Topic);
        var atThird = await ListenAsync(third, Topic);
        var one = await TalkAsync(first, Topic, "one");
        var two = await TalkAsync(second, Topic, "two");
        await Task.WhenAll(UnderWayAsync(atSecond, 100), UnderWayAsync(atThird, 100), atFirst.UntilAsync(static it => it.Last("two") > 100, Cancellation));

        var stopped = Stopwatch.GetTimestamp();
        second.Signal(UnixSignal.Stop);
        await atThird.UntilAsync(it => Stopwatch.GetElapsedTime(stopped, it.LastSent) > TimeSpan.FromSeconds(2), Cancellation);
        second.Signal(UnixSignal.Continue);
        var pause = Stopwatch.GetElapsedTime(stopped);

        // Long enough for the others to decide, had they given it up.
        await atThird.UntilAsync(it => Stopwatch.GetElapsedTime(stopped, it.LastSent) > TimeSpan.FromSeconds(8), Cancellation);
        var (lastOne, lastTwo) = (await one.StopAsync(), await two.StopAsync());
        foreach (var listener in new[] { atFirst, atSecond, atThird })
        {
            await listener.UntilAsync(it => it.Last("one") == lastOne && it.Last("two") == lastTwo, Cancellation);
            Assert.False(listener.Ended.IsCompleted);
            Assert.Empty(listener.Faults);
        }

        Report($"stood still for {pause.TotalSeconds:F2} s; {atFirst.Gaps}, {atSecond.Gaps} and {atThird.Gaps} gaps");
        Assert.All(nodes, static node => Assert.False(node.Ended.IsCompleted));
        Assert.All(nodes, static node => Assert.DoesNotContain("Down", node.Output, StringComparison.Ordinal));
        Assert.Equal(0, atThird.Missed("one"));
        await AssertFlowsAsync("pause.after", nodes);
    }

    [Fact]
    public async Task Node_removed_while_it_stood_still_closes_its_clients_and_ends_when_it_wakes()
    {
        var nodes = await StartThreeAsync();
        var (first, second, third) = (nodes[0], nodes[1], nodes[2]);
        var atFirst = await ListenAsync(first, Topic);
        var atSecond = await ListenAsync(second, Topic);
        var atThird = await ListenAsync(third, Topic);
        var one = await TalkAsync(first, Topic, "one");
        var two = await TalkAsync(second, Topic, "two");
        await Task.WhenAll(UnderWayAsync(atSecond, 100), UnderWayAsync(atThird, 100), atFirst.UntilAsync(static it => it.Last("two") > 100, Cancellation));

        var stopped = Stopwatch.GetTimestamp();
        second.Signal(UnixSignal.Stop);
        await Task.WhenAll(atFirst.UntilAsync(static it => it.Gaps > 0, Cancellation), atThird.UntilAsync(static it => it.Gaps > 0, Cancellation));
        Report($"gap {Stopwatch.GetElapsedTime(stopped, atFirst.FirstGap).TotalSeconds:F1} s after it stopped");
        if (Full)
        {
            // Long gone for everybody, not just removed.
            await atThird.UntilAsync(it => Stopwatch.GetElapsedTime(stopped, it.LastSent) > TimeSpan.FromSeconds(20), Cancellation);
        }

        var woken = Stopwatch.GetTimestamp();
        second.Signal(UnixSignal.Continue);
        var end = await atSecond.Ended.WaitAsync(Cancellation);
        await two.Running.WaitAsync(Cancellation);
        var exitCode = await second.WaitForExitAsync(Cancellation);

        Report($"clients closed {Stopwatch.GetElapsedTime(woken, end.At).TotalSeconds:F1} s after it woke, process ended after {Stopwatch.GetElapsedTime(woken).TotalSeconds:F1} s with {exitCode}");
        Assert.Equal(1012, end.Code);
        Assert.True(end.Farewell!.Value.GetProperty("reconnect").GetBoolean());
        Assert.NotEqual(0, exitCode);
        var last = await one.StopAsync();
        await atThird.UntilAsync(it => it.Last("one") == last, Cancellation);
        Assert.Equal(0, atThird.Missed("one"));
        Assert.Empty(atFirst.Faults);
        Assert.Empty(atThird.Faults);
        await AssertFlowsAsync("pause.after", first, third, await StartAgainAsync(second, first));
    }

    /// <summary>
    /// On waking, the node has publishes in its sockets' buffers and clients that go on. Whatever it acknowledges then, the others
    /// have given up: only a <c>gap</c> there that comes later may excuse it.
    /// </summary>
    [LongFact]
    public async Task Node_given_up_by_the_others_acknowledges_nothing_lost_when_it_wakes()
    {
        var rounds = Full ? 20 : 1;
        var nodes = await StartThreeAsync();
        var (first, second, third) = (nodes[0], nodes[1], nodes[2]);
        for (var round = 0; round < rounds; round++)
        {
            var topic = $"{Topic}.{round}";
            var pause = TimeSpan.FromSeconds(12 + (round * 48.0 / 20));
            var atFirst = await ListenAsync(first, topic);
            var atThird = await ListenAsync(third, topic);
            var one = await TalkAsync(first, topic, "one");
            Talker[] two = [.. await Task.WhenAll(Enumerable.Range(0, 4).Select(i => TalkAsync(second, topic, $"two-{i}", burst: 1 + i)))];
            foreach (var listener in new[] { atFirst, atThird })
            {
                await listener.UntilAsync(it => it.Last("one") > 100 && two.Index().All(talker => it.Last($"two-{talker.Index}") > 100), Cancellation);
            }

            var stopped = Stopwatch.GetTimestamp();
            second.Signal(UnixSignal.Stop);
            await atThird.UntilAsync(it => it.Gaps > 0 && Stopwatch.GetElapsedTime(stopped, it.LastSent) > pause, Cancellation);
            var woken = Stopwatch.GetTimestamp();
            second.Signal(UnixSignal.Continue);
            await Task.WhenAll(two.Select(talker => talker.Running)).WaitAsync(Cancellation);
            Assert.NotEqual(0, await second.WaitForExitAsync(Cancellation));
            var last = await one.StopAsync();
            foreach (var listener in new[] { atFirst, atThird })
            {
                await listener.UntilAsync(it => it.Last("one") == last, Cancellation);
                Assert.Empty(listener.Faults);
                foreach (var (i, talker) in two.Index())
                {
                    Assert.True(
                        listener.Last($"two-{i}") >= talker.LastAcknowledged || listener.LastGap >= talker.AcknowledgedAt,
                        $"Round {round}: {talker.LastAcknowledged - listener.Last($"two-{i}")} acknowledged, {Stopwatch.GetElapsedTime(woken, talker.AcknowledgedAt).TotalSeconds:F2} s after waking, and lost; the last gap came {Stopwatch.GetElapsedTime(stopped, listener.LastGap).TotalSeconds:F2} s after the stop.");
                }
            }

            var lost = two.Index().Sum(talker => Math.Max(0, talker.Item.LastAcknowledged - atThird.Last($"two-{talker.Index}")));
            Report($"round {round}: stood still {pause.TotalSeconds:F0} s, acknowledged before and told by a gap: {lost}; last acknowledgement {Stopwatch.GetElapsedTime(woken, two.Max(static talker => talker.AcknowledgedAt)).TotalSeconds:F2} s after waking");
            second = await StartAgainAsync(second, first);
        }
    }

    private Task UnderWayAsync(Listener listener, long number) => listener.UntilAsync(it => it.Last("one") > number, Cancellation);

    private static (TimeSpan P50, TimeSpan P99) Percentile(IReadOnlyList<TimeSpan> sorted) => (sorted[sorted.Count / 2], sorted[sorted.Count * 99 / 100]);
}
