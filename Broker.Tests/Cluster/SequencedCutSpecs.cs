using System.Diagnostics;
using Broker.Tests.Checker;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>
/// Links between nodes that break for a moment or in one direction, lose, come and go, or part the nodes evenly, while clients of
/// sequenced topics publish and listen. Whoever ends is started again, as a supervisor does.
/// </summary>
public sealed class SequencedCutSpecs : ProcessClusterSpecs
{
    private static readonly string[] Topics = [.. Enumerable.Range(1, 12).Select(static i => $"seq.l{i}")];

    public SequencedCutSpecs() => Configure(RecordedRun.Settings);

    /// <summary>Shorter than anybody is given up in.</summary>
    [LongFact]
    public async Task All_links_that_break_for_one_or_four_seconds_end_nobody()
    {
        var (network, run) = await StartRunAsync(3);
        var longest = TimeSpan.Zero;
        for (var round = 0; round < 40; round++)
        {
            var seconds = round % 2 == 0 ? 1 : 4;
            run.Befalls("break", run.Serving.ToArray());
            await network.CutAllAsync(Cancellation);
            await run.PassAsync(seconds);
            await network.HealAsync(Cancellation);
            run.Befalls("mend", run.Serving.ToArray());
            var healed = Stopwatch.GetTimestamp();
            await run.AcknowledgedAsync();
            var again = Stopwatch.GetElapsedTime(healed);
            longest = again > longest ? again : longest;
            var ended = run.CountEnded();
            if (again > TimeSpan.FromSeconds(10) || ended.Count > 0)
            {
                Assert.Fail($"Round {round}: {again.TotalSeconds:F1} s after {seconds} s without links, ended: {string.Join(", ", ended)}; {run.Keep("sequenced-blips")}");
            }

            await run.PassAsync(2);
        }

        Report($"all topics {longest.TotalSeconds:F1} s after the links were there again, at most");
        await EndAsync(run, "blips");
    }

    /// <summary>The others may give it up in that time or not.</summary>
    [LongFact]
    public async Task Node_without_links_for_ten_seconds_is_a_member_again()
    {
        var (network, run) = await StartRunAsync(3);
        var ended = 0;
        for (var round = 0; round < 20; round++)
        {
            var host = (round % 3) + 1;
            run.Befalls("break", $"n{host}");
            await network.CutOffAsync(host, Cancellation);
            await run.PassAsync(10);
            await network.HealAsync(Cancellation);
            run.Befalls("mend", $"n{host}");
            await run.PassAsync(4);
            ended += await StartEndedAsync(run);
            await run.AcknowledgedAsync();
        }

        Report($"ended {ended} times of 20");
        await EndAsync(run, "ten-seconds");
    }

    /// <summary>The third reaches both. Akka ends both ends of the link, which docs/OPERATING.md says; what only those two had is told by a new epoch.</summary>
    [LongFact]
    public async Task One_link_that_stays_broken_leaves_somebody_who_serves()
    {
        var network = Owned(await TestNetwork.CreateAsync(3, Cancellation));
        var nodes = await StartOnAsync(network);
        var held = await HeldByAsync(nodes, "n1");
        var run = Run(network);
        run.Begin(nodes, held.Contains);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        await run.PassAsync(3);
        run.Befalls("break", "n2", "n3");
        await network.CutBothAsync(2, 3, Cancellation);
        await run.PassAsync(30);
        var ended = run.CountEnded();
        Report($"ended: {string.Join(", ", ended)}");
        Assert.True(ended.Count < 3);
        await network.HealAsync(Cancellation);
        run.Befalls("mend", "n2", "n3");
        foreach (var name in ended)
        {
            await run.StartAgainAsync(name);
        }

        await run.AcknowledgedAsync();
        await EndAsync(run, "one-link");
    }

    [LongFact]
    public async Task Node_that_cannot_send_or_cannot_receive_ends_and_takes_nothing_with_it()
    {
        var (network, run) = await StartRunAsync(3);
        foreach (var (host, sends) in new[] { (3, true), (3, false), (1, true), (1, false) })
        {
            run.Befalls("break", $"n{host}");
            foreach (var other in Enumerable.Range(1, 3).Where(other => other != host))
            {
                await (sends ? network.CutAsync(other, host, Cancellation) : network.CutAsync(host, other, Cancellation));
            }

            Assert.Equal(1, await run.Node($"n{host}").WaitForExitAsync(Cancellation));
            Assert.Equal([$"n{host}"], run.CountEnded());
            await run.AcknowledgedAsync();
            await network.HealAsync(Cancellation);
            run.Befalls("mend", $"n{host}");
            await run.StartAgainAsync($"n{host}");
            await run.AcknowledgedAsync();
        }

        await EndAsync(run, "one-way");
    }

    /// <summary>Three of ten packets for a minute, between all of them and both ways. Seldom each node sees itself alone at once, and all end.</summary>
    [LongFact]
    public async Task Links_that_lose_packets_leave_somebody_who_serves()
    {
        var (network, run) = await StartRunAsync(3, durable: static _ => false);
        run.Befalls("lose", run.Serving.ToArray());
        foreach (var (from, to) in Links(network))
        {
            await network.LoseAsync(from, to, 30, Cancellation);
        }

        await PassLeavingSomebodyAsync(run, () => network.HealAsync(Cancellation));
        await EndAsync(run, "loss");
    }

    /// <summary>Half a second, more or less three tenths, for a minute: between all of them and both ways.</summary>
    [LongFact]
    public async Task Links_that_are_late_leave_somebody_who_serves()
    {
        var network = Owned(await TestNetwork.CreateAsync(3, Cancellation));
        List<LateLink> links = [];
        foreach (var (from, to) in Links(network))
        {
            links.Add(Owned(await network.LateAsync(from, to, ClusterPort, Cancellation)));
        }

        var run = Run(network);
        run.Begin(await StartOnAsync(network), durable: static _ => false);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        await run.PassAsync(3);
        run.Befalls("delay", run.Serving.ToArray());
        links.ForEach(static link => link.Delay(500, 300));
        await PassLeavingSomebodyAsync(run, () =>
        {
            links.ForEach(static link => link.Delay(0, 0));
            return Task.CompletedTask;
        });
        await EndAsync(run, "late");
    }

    /// <summary>That with the lowest address; what only the other side had is told by a new epoch.</summary>
    [LongFact]
    public async Task Of_two_even_sides_exactly_one_goes_on()
    {
        var network = Owned(await TestNetwork.CreateAsync(4, Cancellation));
        var nodes = await StartOnAsync(network);
        var held = await HeldByAsync(nodes, "n1", "n2");
        var run = Run(network);
        run.Begin(nodes, held.Contains);
        await run.LoadAsync(publishers: 4, burst: 1, subscribers: 4);
        await run.PassAsync(3);
        run.Befalls("cut", "n3", "n4");
        foreach (var (one, other) in new[] { (1, 3), (1, 4), (2, 3), (2, 4) })
        {
            await network.CutBothAsync(one, other, Cancellation);
        }

        var exits = await Task.WhenAll(run.Node("n3").WaitForExitAsync(Cancellation), run.Node("n4").WaitForExitAsync(Cancellation));
        Assert.All(exits, static exit => Assert.Equal(1, exit));
        Assert.Equal(["n3", "n4"], run.CountEnded().Order());
        await run.AcknowledgedAsync();
        await network.HealAsync(Cancellation);
        run.Befalls("heal", "n3", "n4");
        await run.StartAgainAsync("n3");
        await run.StartAgainAsync("n4");
        await run.AcknowledgedAsync();
        var history = await EndAsync(run, "even");
        var epochs = RunFigures.Epochs(history, new HistoryFacts(history));
        Assert.All(held, topic => Assert.Equal(1, epochs[topic]));
    }

    [LongFact]
    public async Task Links_of_a_node_that_come_and_go_for_minutes_end_in_one_cluster()
    {
        var (network, run) = await StartRunAsync(3, durable: static _ => false);
        var ended = 0;
        for (var round = 0; round < 50; round++)
        {
            run.Befalls("break", "n3");
            await network.CutOffAsync(3, Cancellation);
            await run.PassAsync(3);
            await network.HealAsync(Cancellation);
            run.Befalls("mend", "n3");
            await run.PassAsync(3);
            ended += await StartEndedAsync(run);
        }

        var calm = Stopwatch.GetTimestamp();
        await run.PassAsync(10);
        ended += await StartEndedAsync(run);
        await run.AcknowledgedAsync();
        Report($"ended {ended} times; all topics {Stopwatch.GetElapsedTime(calm).TotalSeconds:F1} s after the last cut");
        await EndAsync(run, "flapping");
    }

    private static IEnumerable<(int From, int To)> Links(TestNetwork network) =>
        from one in Enumerable.Range(1, network.Hosts) from other in Enumerable.Range(1, network.Hosts) where one != other select (one, other);

    /// <summary>A minute of trouble that need not end anybody, and does not end all; then all of them serve again.</summary>
    private static async Task PassLeavingSomebodyAsync(RecordedRun run, Func<Task> heal)
    {
        await run.PassAsync(60);
        List<string> ended = [.. run.CountEnded()];
        Report($"ended: {string.Join(", ", ended)}");
        if (ended.Count == 3)
        {
            Assert.Fail($"All have ended: {run.Keep("sequenced-all-ended")}");
        }

        await heal();
        run.Befalls("mend", run.Serving.ToArray());
        await run.PassAsync(5);
        ended.AddRange(run.CountEnded());
        foreach (var name in ended)
        {
            await run.StartAgainAsync(name);
        }

        await run.AcknowledgedAsync();
    }

    private static async Task<int> StartEndedAsync(RecordedRun run)
    {
        var ended = run.CountEnded();
        foreach (var name in ended)
        {
            await run.StartAgainAsync(name);
        }

        return ended.Count;
    }

    /// <summary>Topics of which one of these nodes has what is acknowledged.</summary>
    private async Task<HashSet<string>> HeldByAsync(NodeProcess[] nodes, params string[] names)
    {
        HashSet<string> held = [];
        foreach (var topic in Topics)
        {
            if ((await RecordedRun.RolesAsync(nodes, topic, Cancellation))[..2].Intersect(names).Any())
            {
                held.Add(topic);
            }
        }

        return held;
    }

    private RecordedRun Run(TestNetwork network) => Owned(new RecordedRun(Topics, (ended, _) => StartOnAgainAsync(network, ended), 1, Cancellation));

    private async Task<(TestNetwork Network, RecordedRun Run)> StartRunAsync(int hosts, Predicate<string>? durable = null)
    {
        var network = Owned(await TestNetwork.CreateAsync(hosts, Cancellation));
        var run = Run(network);
        run.Begin(await StartOnAsync(network), durable);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        await run.PassAsync(3);
        return (network, run);
    }

    private static async Task<IReadOnlyList<HistoryEvent>> EndAsync(RecordedRun run, string name)
    {
        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        return run.Check($"sequenced-{name}");
    }
}
