using System.Diagnostics;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>A node is killed under load on all nodes.</summary>
public sealed class CrashSpecs : ProcessClusterSpecs
{
    private const string Topic = "crash.load";

    [Fact]
    public async Task Killed_node_costs_the_others_nothing_but_a_gap_and_comes_back_at_its_address()
    {
        var nodes = await StartThreeAsync();
        var (first, second, third) = (nodes[0], nodes[1], nodes[2]);
        var atFirst = await ListenAsync(first, Topic);
        var atThird = await ListenAsync(third, Topic);
        await ListenAsync(second, Topic);
        var one = await TalkAsync(first, Topic, "one", burst: 4);
        var two = await TalkAsync(second, Topic, "two", burst: 4);
        var three = await TalkAsync(third, Topic, "three", burst: 4);
        await Task.WhenAll(UnderWayAsync(atFirst), UnderWayAsync(atThird));

        var killed = Stopwatch.GetTimestamp();
        second.Signal(UnixSignal.Kill);
        await two.Running;
        await Task.WhenAll(GapAsync(atFirst), GapAsync(atThird));
        Report($"gap after {Stopwatch.GetElapsedTime(killed, atFirst.FirstGap).TotalSeconds:F1} s and {Stopwatch.GetElapsedTime(killed, atThird.FirstGap).TotalSeconds:F1} s");

        await AssertNothingLostAsync(atFirst, atThird, one, three);
        await AssertComesBackAsync(second, first, third);
    }

    [Fact]
    public async Task Node_killed_and_started_at_once_at_its_address_replaces_itself()
    {
        var nodes = await StartThreeAsync();
        var (first, second, third) = (nodes[0], nodes[1], nodes[2]);
        var atFirst = await ListenAsync(first, Topic);
        var atThird = await ListenAsync(third, Topic);
        var one = await TalkAsync(first, Topic, "one", burst: 4);
        var two = await TalkAsync(second, Topic, "two", burst: 4);
        var three = await TalkAsync(third, Topic, "three", burst: 4);
        await Task.WhenAll(UnderWayAsync(atFirst), UnderWayAsync(atThird));

        second.Signal(UnixSignal.Kill);
        await two.Running;
        await second.WaitForExitAsync(Cancellation);
        await AssertComesBackAsync(second, first, third);

        await Task.WhenAll(GapAsync(atFirst), GapAsync(atThird));
        await AssertNothingLostAsync(atFirst, atThird, one, three);
    }

    private Task UnderWayAsync(Listener listener) =>
        listener.UntilAsync(static it => it.Last("one") > 200 && it.Last("two") > 200 && it.Last("three") > 200, Cancellation);

    private Task GapAsync(Listener listener) => listener.UntilAsync(static it => it.Gaps > 0, Cancellation);

    /// <summary>A gap may excuse a hole: here the numbers themselves are counted.</summary>
    private async Task AssertNothingLostAsync(Listener atFirst, Listener atThird, Talker one, Talker three)
    {
        var (lastOne, lastThree) = (await one.StopAsync(), await three.StopAsync());
        foreach (var listener in new[] { atFirst, atThird })
        {
            await listener.UntilAsync(it => it.Last("one") == lastOne && it.Last("three") == lastThree, Cancellation);
            Assert.Empty(listener.Faults);
            Assert.Equal(0, listener.Missed("one") + listener.Missed("three"));
            Assert.InRange(listener.Gaps, 1, 8);
        }
    }

    private async Task AssertComesBackAsync(NodeProcess second, NodeProcess first, NodeProcess third)
    {
        var started = Stopwatch.GetTimestamp();
        var again = await StartAgainAsync(second, first);
        Report($"served again {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s after its start");
        Assert.Equal(second.Cluster, again.Cluster);
        await AssertFlowsAsync("crash.after", first, again, third);
    }
}
