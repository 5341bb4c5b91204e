using System.Diagnostics;
using System.Text.RegularExpressions;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>A cluster of two, of which one dies.</summary>
public sealed class SurvivorSpecs : ProcessClusterSpecs
{
    private const string Topic = "survivor.load";

    /// <summary>Two clusters side by side: most of the time both wait.</summary>
    [Fact]
    public Task Whichever_of_two_dies_the_other_goes_on_and_takes_it_back()
    {
        Configure("broker.cluster.downing = survivor");
        var ports = FreePorts(4);
        return Task.WhenAll(GoOnAsync([.. ports[..2].Order()], victim: 0), GoOnAsync([.. ports[2..].Order()], victim: 1));
    }

    [Fact]
    public async Task Node_in_a_cluster_of_two_with_majority_says_what_that_means()
    {
        var ports = FreePorts(2);
        string[] seeds = ["--seed", $"127.0.0.1:{ports[0]}", "--seed", $"127.0.0.1:{ports[1]}"];
        var nodes = await Task.WhenAll(ports.Select(port => StartWithAsync(["--cluster-port", $"{port}", .. seeds])));
        foreach (var node in nodes)
        {
            await node.WaitForLineAsync(new Regex("a cluster of two.*broker.cluster.downing = survivor"), Cancellation);
        }
    }

    private async Task GoOnAsync(int[] ports, int victim)
    {
        string[] seeds = ["--seed", $"127.0.0.1:{ports[0]}", "--seed", $"127.0.0.1:{ports[1]}"];
        string[][] arguments = [["--cluster-port", $"{ports[0]}", .. seeds], ["--cluster-port", $"{ports[1]}", .. seeds]];
        var nodes = await Task.WhenAll(arguments.Select(StartWithAsync));
        var survivor = nodes[1 - victim];
        var listener = await ListenAsync(survivor, Topic);
        var talker = await TalkAsync(survivor, Topic, "survivor");
        await listener.UntilAsync(static it => it.Last("survivor") > 100, Cancellation);

        var killed = Stopwatch.GetTimestamp();
        nodes[victim].Signal(UnixSignal.Kill);
        await nodes[victim].WaitForExitAsync(Cancellation);
        await listener.UntilAsync(static it => it.Gaps > 0, Cancellation);
        await listener.UntilAsync(it => Stopwatch.GetElapsedTime(killed, it.LastSent) > TimeSpan.FromSeconds(15), Cancellation);
        Assert.Equal(await talker.StopAsync(), talker.LastAcknowledged);
        Assert.Equal(0, talker.Refused);
        Report($"victim {victim}: slowest acknowledgement {talker.Slowest.TotalMilliseconds:F0} ms, gap after {Stopwatch.GetElapsedTime(killed, listener.FirstGap).TotalSeconds:F1} s");
        Assert.Empty(listener.Faults);
        Assert.False(survivor.Ended.IsCompleted);
        await AssertFlowsAgainAsync("survivor.after", survivor, await StartWithAsync(arguments[victim]));
    }
}
