using System.Diagnostics;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Publishers take all the processor there is: nobody is taken for dead, neither clients nor nodes.</summary>
public sealed class SaturationSpecs : ProcessClusterSpecs
{
    private const int Publishers = 4;
    private const int Quiet = 10;

    /// <summary>Five minutes with <c>BROKER_TESTS_FULL=1</c>.</summary>
    [Fact]
    public async Task Publishers_without_pause_cost_neither_clients_nor_nodes_their_heartbeats()
    {
        var time = TimeSpan.FromSeconds(Full ? 300 : 12);

        // Pings every second, so that each client must be heard many times; who reads the flood may lag on a busy machine.
        Configure("broker.heartbeat { interval = 1s\n timeout = 8s }\nbroker.limits { lag = 256m\n lag-time = 5m }");
        var first = await StartAsync(null);
        var second = await StartAsync(first);
        NodeProcess[] nodes = [first, second];
        List<Listener> quiet = [];
        List<Talker> talkers = [];
        foreach (var node in nodes)
        {
            for (var i = 0; i < Quiet; i++)
            {
                quiet.Add(await ListenAsync(node, "saturation.quiet"));
            }
        }

        var atFirst = await ListenAsync(first, "saturation.0");
        var atSecond = await ListenAsync(second, "saturation.0");
        var before = nodes.Select(static node => node.ProcessorTime).ToArray();
        var started = Stopwatch.GetTimestamp();
        foreach (var (i, node) in nodes.Index())
        {
            for (var n = 0; n < Publishers; n++)
            {
                talkers.Add(await TalkAsync(node, $"saturation.{n}", $"{i}-{n}", padding: 256, burst: 64));
            }
        }

        await Task.WhenAll(
            atFirst.UntilAsync(it => Stopwatch.GetElapsedTime(started, it.LastSent) > time, Cancellation),
            atSecond.UntilAsync(it => Stopwatch.GetElapsedTime(started, it.LastSent) > time, Cancellation));
        var elapsed = Stopwatch.GetElapsedTime(started);
        var used = nodes.Zip(before).Sum(static pair => (pair.First.ProcessorTime - pair.Second).TotalSeconds);
        Report($"{used / elapsed.TotalSeconds:F2} processors used by the nodes for {elapsed.TotalSeconds:F1} s; {talkers.Sum(static talker => talker.LastAcknowledged)} messages; slowest acknowledgement {talkers.Max(static talker => talker.Slowest.TotalMilliseconds):F0} ms");
        foreach (var talker in talkers)
        {
            Assert.False(talker.Running.IsCompleted, "a publisher was cut");
            await talker.StopAsync();
        }

        Assert.All(quiet, static listener => Assert.False(listener.Ended.IsCompleted, "a silent client was cut"));
        Assert.All(nodes, static node => Assert.DoesNotContain("UNREACHABLE", node.Output, StringComparison.Ordinal));
        Assert.All(nodes, static node => Assert.False(node.Ended.IsCompleted));
        await AssertFlowsAsync("saturation.after", nodes);
    }
}
