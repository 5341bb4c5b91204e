using Broker.Tests.Cluster.Faults;

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
        await EndAsync(run, "kill");
    }

    [Fact]
    public async Task Node_that_stops_in_order_costs_nothing()
    {
        var run = await StartRunAsync();
        await run.StopAsync("n1");
        await run.AcknowledgedAsync();
        await EndAsync(run, "stop");
    }

    [Fact]
    public async Task Nodes_that_stand_still_for_a_while_cost_nothing()
    {
        var run = await StartRunAsync();
        Assert.False(await run.PauseAsync("n3", 2));
        await run.PauseAsync("n2", 5);
        await EndAsync(run, "pause");
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

    private static async Task EndAsync(RecordedRun run, string name)
    {
        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        run.Check($"sequenced-{name}");
    }
}
