using Broker.Tests.Checker;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>
/// Faults while clients on all nodes publish to sequenced topics and listen. Each node owns some topics and has the copy of others, so
/// that a fault of one node is one of an owner, of a copy, of publishers and of subscribers.
/// </summary>
public sealed class SequencedFaultSpecs : ProcessClusterSpecs
{
    private static readonly string[] Topics = [.. Enumerable.Range(1, 12).Select(static i => $"seq.t{i}")];

    public SequencedFaultSpecs() => Configure(RecordedRun.Settings);

    [Fact]
    public async Task Killed_nodes_take_nothing_with_them_that_was_acknowledged()
    {
        var run = await StartRunAsync();
        await run.KillAsync("n2");
        await run.AcknowledgedAsync();
        await run.StartAgainAsync("n2");
        await run.PassAsync(3);

        // The oldest, which has the coordinator of shards.
        await run.KillAsync("n1");
        await run.AcknowledgedAsync();
        AssertWhole(await EndAsync(run, "kill"));
    }

    [Fact]
    public async Task Node_that_stops_in_order_costs_nothing()
    {
        var run = await StartRunAsync();
        await run.StopAsync("n1");
        await run.AcknowledgedAsync();
        AssertWhole(await EndAsync(run, "stop"));
    }

    [Fact]
    public async Task Nodes_that_stand_still_for_a_while_cost_nothing()
    {
        var run = await StartRunAsync();
        Assert.False(await run.PauseAsync("n3", 2));
        await run.PauseAsync("n2", 5);
        await EndAsync(run, "pause");
    }

    /// <summary>What both of them had is gone, and said so: a new epoch. Of five nodes three are left, which are a majority.</summary>
    [Fact]
    public async Task Owner_and_copy_killed_together_are_told_of_by_a_new_epoch()
    {
        var first = await StartAsync(null);
        NodeProcess[] nodes = [first, .. await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StartAsync(first)))];
        var run = Owned(new RecordedRun(Topics, StartAgainAsync, 1, Cancellation));
        var killed = (await RecordedRun.RolesAsync(nodes, Topics[0], Cancellation))[..2];
        var roles = await Task.WhenAll(Topics.Select(topic => RecordedRun.RolesAsync(nodes, topic, Cancellation)));
        var lost = Topics.Where((_, i) => killed.All(roles[i][..2].Contains)).ToHashSet();
        run.Begin(nodes, topic => !lost.Contains(topic));
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 5);
        await run.PassAsync(4);
        await run.KillAsync(killed);
        await run.AcknowledgedAsync();
        var history = await EndAsync(run, "owner-and-copy");

        var facts = new HistoryFacts(history);
        var epochs = RunFigures.Epochs(history, facts);
        Assert.All(Topics, topic => Assert.Equal(lost.Contains(topic) ? 2 : 1, epochs[topic]));
        var gaps = history.Where(static what => what.Kind == EventKind.Gap).Select(what => facts.Find(what.Call)!.Asked).ToList();
        Assert.All(lost, topic => Assert.Contains(gaps, gap => gap.Topic == topic));
        Assert.All(gaps, gap => Assert.Contains(gap.Topic!, lost));
    }

    /// <summary>Long enough for the others to give the node up.</summary>
    [LongFact]
    public async Task Owner_that_stood_still_until_others_own_its_topics_brings_nothing_back()
    {
        var run = await StartRunAsync();
        for (var round = 0; round < 6; round++)
        {
            var name = $"n{(round % 3) + 1}";
            if (await run.PauseAsync(name, 20))
            {
                await run.StartAgainAsync(name);
            }

            await run.AcknowledgedAsync();
        }

        await EndAsync(run, "long-pause");
    }

    [LongFact]
    public async Task Node_that_is_cut_off_acknowledges_nothing_that_the_others_do_not_have()
    {
        var network = Owned(await TestNetwork.CreateAsync(3, Cancellation));
        var nodes = await StartOnAsync(network);
        var run = Owned(new RecordedRun(Topics, (ended, _) => StartOnAgainAsync(network, ended), 1, Cancellation));
        run.Begin(nodes);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        for (var host = 1; host <= 3; host++)
        {
            await run.PassAsync(4);
            await run.CutOffAsync(network, host);
            await run.StartAgainAsync($"n{host}");
            await run.AcknowledgedAsync();
        }

        await EndAsync(run, "cut");
    }

    private async Task<RecordedRun> StartRunAsync()
    {
        var nodes = await StartThreeAsync();
        var run = Owned(new RecordedRun(Topics, StartAgainAsync, 1, Cancellation));
        run.Begin(nodes);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        await run.PassAsync(4);
        return run;
    }

    /// <summary>Nobody had to be told that something is missing.</summary>
    private static void AssertWhole(IReadOnlyList<HistoryEvent> history)
    {
        Assert.DoesNotContain(history, static what => what.Kind == EventKind.Gap);
        Assert.DoesNotContain(history, static what => what is { Kind: EventKind.Subscribed, Recovered: false });
        Assert.Contains(history, static what => what is { Kind: EventKind.Subscribed, Recovered: true });
        Assert.All(RunFigures.Epochs(history, new HistoryFacts(history)), static epochs => Assert.Equal(1, epochs.Value));
    }

    private static async Task<IReadOnlyList<HistoryEvent>> EndAsync(RecordedRun run, string name)
    {
        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        return run.Check($"sequenced-{name}");
    }
}
