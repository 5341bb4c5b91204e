using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Nodes that stop and come back in each documented layout end in one cluster, and never serve beside it.</summary>
public sealed class IslandSpecs : ProcessClusterSpecs
{
    private static int Rounds => Full ? 20 : 1;

    /// <summary>No layout that the documents show, but what people try: the first node names nobody.</summary>
    [Fact]
    public async Task First_node_without_seeds_that_comes_back_joins_those_that_name_it()
    {
        var port = FreePorts(1)[0];
        string[] alone = ["--cluster-port", $"{port}"];
        string[] seeded = ["--seed", $"127.0.0.1:{port}"];
        var first = await StartWithAsync(alone);
        Assert.Contains("alone, without other seeds", first.Output, StringComparison.Ordinal);
        var (second, third) = (await StartWithAsync(seeded), await StartWithAsync(seeded));
        Assert.Contains("3 member(s)", third.Output, StringComparison.Ordinal);
        for (var round = 0; round < Rounds; round++)
        {
            await EndAsync(first, round % 2 == 0 ? UnixSignal.Terminate : UnixSignal.Kill);
            first = await StartWithAsync(alone);

            // Nobody is named to it: on a busy machine it may serve before it is asked. It ends when it is.
            for (var met = false; !met;)
            {
                try
                {
                    await AssertFlowsAgainAsync($"island.{round}", first, second, third);
                    met = true;
                }
                catch (Exception e) when (e is WebSocketException || (e is InvalidOperationException && e.Message.Contains("(1012)", StringComparison.Ordinal)))
                {
                    // Its clients are closed, and who comes while it ends is refused.
                    Assert.Equal(1, await first.WaitForExitAsync(Cancellation));
                    first = await StartWithAsync(alone);
                }
            }
        }
    }

    /// <summary>Two clusters side by side: most of the time both wait.</summary>
    [Fact]
    public Task Any_node_of_a_cluster_with_the_same_two_or_three_seeds_comes_back_into_it()
    {
        var ports = FreePorts(6);
        return Task.WhenAll(ComeBackAsync(ports[..3], seeds: 2), ComeBackAsync(ports[3..], seeds: 3));
    }

    [Fact]
    public async Task First_seed_that_comes_back_unheard_serves_nobody_and_ends_at_the_meeting()
    {
        var ports = FreePorts(3);
        var (nodes, arguments) = await StartAsync(ports, seeds: 3);
        await EndAsync(nodes[0], UnixSignal.Terminate);
        nodes[1].Signal(UnixSignal.Stop);
        nodes[2].Signal(UnixSignal.Stop);

        // As after a cut: it finds nobody, and founds a cluster of its own.
        var island = await LaunchWithAsync(arguments[0]);
        await island.WaitForReasonAsync("1 of 3 seeds are members", Cancellation);
        nodes[1].Signal(UnixSignal.Continue);
        nodes[2].Signal(UnixSignal.Continue);

        Assert.Equal(1, await island.WaitForExitAsync(Cancellation));
        Assert.Contains("stays", island.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("is ready", island.Output, StringComparison.Ordinal);
        var again = await StartWithAsync(arguments[0]);
        await AssertFlowsAgainAsync("island.met", again, nodes[1], nodes[2]);
    }

    [LongFact]
    public async Task First_of_two_seeds_serves_alone_only_when_the_other_is_known_not_to_run()
    {
        var ports = FreePorts(3);
        string[] Arguments(int node) => ["--cluster-port", $"{ports[node]}", "--seed", $"127.0.0.1:{ports[0]}", "--seed", $"127.0.0.1:{ports[1]}"];
        var first = await StartWithAsync(Arguments(0));
        Assert.Contains("1 member(s)", first.Output, StringComparison.Ordinal);
        var (second, third) = (await StartWithAsync(Arguments(1)), await StartWithAsync(Arguments(2)));
        await EndAsync(first, UnixSignal.Terminate);
        second.Signal(UnixSignal.Stop);
        third.Signal(UnixSignal.Stop);

        var island = await LaunchWithAsync(Arguments(0));
        await island.WaitForReasonAsync("nothing is known of seed", Cancellation);
        second.Signal(UnixSignal.Continue);
        third.Signal(UnixSignal.Continue);
        Assert.Equal(1, await island.WaitForExitAsync(Cancellation));
        await AssertFlowsAgainAsync("island.met", await StartWithAsync(Arguments(0)), second, third);
    }

    [Fact]
    public async Task Nodes_that_start_from_nothing_say_that_the_first_seed_is_needed()
    {
        var ports = FreePorts(2);
        string[] seeds = ["--seed", $"127.0.0.1:{ports[0]}", "--seed", $"127.0.0.1:{ports[1]}"];
        var second = await LaunchWithAsync(["--cluster-port", $"{ports[1]}", .. seeds]);
        await second.WaitForLineAsync(new Regex($"waiting for 127.0.0.1:{ports[0]}; .* first seed, 127.0.0.1:{ports[0]}"), Cancellation);
        var first = await StartWithAsync(["--cluster-port", $"{ports[0]}", .. seeds]);
        await second.WaitUntilReadyAsync(Cancellation);
        await AssertFlowsAsync("island.founded", first, second);
    }

    private async Task ComeBackAsync(int[] ports, int seeds)
    {
        var (nodes, arguments) = await StartAsync(ports, seeds);
        await AssertFlowsAsync("island.before", nodes);
        for (var round = 0; round < Rounds * 3; round++)
        {
            var node = round % 3;
            await EndAsync(nodes[node], Full && round / 3 % 2 == 1 ? UnixSignal.Kill : UnixSignal.Terminate);
            nodes[node] = await StartWithAsync(arguments[node]);
            await AssertFlowsAgainAsync($"island.{round}", nodes);
        }
    }

    /// <summary>Three nodes with the same seeds, the first of them.</summary>
    private async Task<(NodeProcess[] Nodes, string[][] Arguments)> StartAsync(int[] ports, int seeds)
    {
        var flags = ports.Take(seeds).SelectMany(static port => new[] { "--seed", $"127.0.0.1:{port}" }).ToArray();
        string[][] arguments = [.. ports.Select(port => (string[])["--cluster-port", $"{port}", .. flags])];
        return (await Task.WhenAll(arguments.Select(StartWithAsync)), arguments);
    }

    private async Task EndAsync(NodeProcess node, UnixSignal signal)
    {
        node.Signal(signal);
        await node.WaitForExitAsync(Cancellation);
    }
}
