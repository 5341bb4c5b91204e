using System.Diagnostics;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Nodes on hosts of their own whose links are cut.</summary>
public sealed class PartitionSpecs : ProcessClusterSpecs
{
    private const string Topic = "cut.load";

    private static string[] Seeds(TestNetwork network) => ["--seed", $"{network.Address(1)}:4053", "--seed", $"{network.Address(2)}:4053"];

    /// <summary>
    /// What a node acknowledges while it is cut off, and after, is delivered or told by a later <c>gap</c>. Two clusters side by side:
    /// most of the time both wait.
    /// </summary>
    [Fact]
    public Task Node_that_is_cut_off_acknowledges_nothing_that_is_silently_lost() =>
        Task.WhenAll(CutOffAsync(isOneWay: false), CutOffAsync(isOneWay: true));

    [Fact]
    public async Task Two_survivors_of_a_cut_both_serve_and_are_one_cluster_when_they_meet()
    {
        Configure("broker.cluster.downing = survivor");
        var network = Owned(await TestNetwork.CreateAsync(2, Cancellation));
        var nodes = await StartAsync(network, 2);
        var first = await TalkAsync(nodes[0], Topic, "first");
        var second = await TalkAsync(nodes[1], Topic, "second");
        var atFirst = await ListenAsync(nodes[0], Topic);
        var atSecond = await ListenAsync(nodes[1], Topic);
        await Task.WhenAll(new[] { atFirst, atSecond }.Select(listener => listener.UntilAsync(static it => it.Last("first") > 100 && it.Last("second") > 100, Cancellation)));
        await network.CutBothAsync(1, 2, Cancellation);

        // Each tells its clients, and goes on.
        await Task.WhenAll(atFirst.UntilAsync(static it => it.Gaps > 0, Cancellation), atSecond.UntilAsync(static it => it.Gaps > 0, Cancellation));
        var (here, there) = (atFirst.Last("first"), atSecond.Last("second"));
        await atFirst.UntilAsync(it => it.Last("first") > here + 100, Cancellation);
        await atSecond.UntilAsync(it => it.Last("second") > there + 100, Cancellation);

        var healed = Stopwatch.GetTimestamp();
        await network.HealAsync(Cancellation);
        Assert.Equal(1, await nodes[1].WaitForExitAsync(Cancellation));
        Report($"the one with the higher address ended {Stopwatch.GetElapsedTime(healed).TotalSeconds:F1} s after the cut had healed");
        Assert.Equal(1012, (await atSecond.Ended).Code);
        Assert.False(atFirst.Ended.IsCompleted);
        await first.StopAsync();
        await second.Running;
        var again = await LaunchOnAsync(network, 2, Seeds(network));
        await again.WaitUntilReadyAsync(Cancellation);
        await AssertFlowsAgainAsync("cut.after", nodes[0], again);
    }

    /// <summary>
    /// Akka's resolver ends both ends of a link that stays broken; nothing but a longer <c>stable-after</c> is against that. A link that
    /// has healed is used again when TCP tries it: about as long after as it was broken.
    /// </summary>
    [Fact]
    public async Task One_broken_link_of_three_nodes_ends_nobody_within_stable_after()
    {
        var (broken, stableAfter) = Full ? (15, 45) : (6, 20);
        Configure($"akka.cluster.split-brain-resolver.stable-after = {stableAfter}s");
        var network = Owned(await TestNetwork.CreateAsync(3, Cancellation));
        var nodes = await StartAsync(network, 3);
        var listeners = await Task.WhenAll(nodes.Select(node => ListenAsync(node, Topic)));
        string[] names = ["first", "second", "third"];
        var talkers = await Task.WhenAll(nodes.Zip(names, (node, name) => TalkAsync(node, Topic, name)));
        await Task.WhenAll(listeners.Select(listener => listener.UntilAsync(it => names.All(name => it.Last(name) > 100), Cancellation)));
        var cut = Stopwatch.GetTimestamp();
        await network.CutBothAsync(2, 3, Cancellation);
        await listeners[0].UntilAsync(it => Stopwatch.GetElapsedTime(cut, it.LastSent) > TimeSpan.FromSeconds(broken), Cancellation);
        await network.HealAsync(Cancellation);

        await Task.WhenAll(listeners.Select(listener =>
        {
            var seen = names.Select(listener.Last).ToArray();
            return listener.UntilAsync(it => names.Index().All(name => it.Last(name.Item) > seen[name.Index] + 100), Cancellation);
        }));
        Report($"gaps: {string.Join(", ", listeners.Select(static listener => listener.Gaps))}");
        Assert.All(nodes, static node => Assert.False(node.Ended.IsCompleted));
        Assert.Equal(0, listeners[0].Gaps);
        foreach (var talker in talkers)
        {
            await talker.StopAsync();
        }
    }

    /// <param name="isOneWay">The node can receive and not send.</param>
    private async Task CutOffAsync(bool isOneWay)
    {
        var network = Owned(await TestNetwork.CreateAsync(3, Cancellation));
        var nodes = await StartAsync(network, 3);
        var listeners = new[] { await ListenAsync(nodes[0], Topic), await ListenAsync(nodes[1], Topic) };
        var talker = await TalkAsync(nodes[2], Topic, "cut");
        var one = await TalkAsync(nodes[0], Topic, "one");
        await Task.WhenAll(listeners.Select(listener => listener.UntilAsync(static it => it.Last("cut") > 100 && it.Last("one") > 100, Cancellation)));

        var cut = Stopwatch.GetTimestamp();
        for (var host = 1; host <= 2; host++)
        {
            await network.CutAsync(3, host, Cancellation);
            if (!isOneWay)
            {
                await network.CutAsync(host, 3, Cancellation);
            }
        }

        await talker.Running.WaitAsync(Cancellation);
        Assert.Equal(1, await nodes[2].WaitForExitAsync(Cancellation));
        await Task.WhenAll(listeners.Select(listener => listener.UntilAsync(static it => it.Gaps > 0, Cancellation)));
        var last = await one.StopAsync();
        foreach (var listener in listeners)
        {
            await listener.UntilAsync(it => it.Last("one") == last, Cancellation);
            Assert.Empty(listener.Faults);
            Assert.Equal(0, listener.Missed("one"));
            Assert.True(listener.Last("cut") >= talker.LastAcknowledged || listener.LastGap >= talker.AcknowledgedAt);
        }

        Report($"one way: {isOneWay}; last acknowledgement {Stopwatch.GetElapsedTime(cut, talker.AcknowledgedAt).TotalSeconds:F1} s after the cut, gap after {Stopwatch.GetElapsedTime(cut, listeners[0].FirstGap).TotalSeconds:F1} s, {talker.LastAcknowledged - listeners[0].Last("cut")} acknowledged and told by it");
        Assert.InRange(Stopwatch.GetElapsedTime(cut, talker.AcknowledgedAt), TimeSpan.FromDays(-1), TimeSpan.FromSeconds(10));
        await network.HealAsync(Cancellation);
        var again = await LaunchOnAsync(network, 3, Seeds(network));
        await again.WaitUntilReadyAsync(Cancellation);
        await AssertFlowsAgainAsync("cut.after", nodes[0], nodes[1], again);
    }

    private async Task<NodeProcess[]> StartAsync(TestNetwork network, int hosts)
    {
        var nodes = await Task.WhenAll(Enumerable.Range(1, hosts).Select(host => LaunchOnAsync(network, host, Seeds(network))));
        await Task.WhenAll(nodes.Select(node => node.WaitUntilReadyAsync(Cancellation)));
        return nodes;
    }
}
