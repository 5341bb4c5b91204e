using Broker.Tests.Checker;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Two nodes with <c>downing = survivor</c>, of which one dies: the other goes on in new epochs, with all that was acknowledged.</summary>
public sealed class SequencedSurvivorSpecs : ProcessClusterSpecs
{
    private static readonly string[] Topics = [.. Enumerable.Range(1, 8).Select(static i => $"seq.v{i}")];

    public SequencedSurvivorSpecs() => Configure($"{RecordedRun.Settings}\nbroker.cluster.downing = survivor");

    [LongFact]
    public Task Survivor_of_two_goes_on_with_all_that_was_acknowledged() => RunAsync("n1");

    /// <summary>Either of them, in turn: of the second round on what is kept came from the other one.</summary>
    [LongFact]
    public Task Either_of_two_goes_on_again_and_again() => RunAsync("n2", "n1", "n1", "n2", "n2", "n1");

    private async Task RunAsync(params string[] victims)
    {
        var ports = FreePorts(2).Order().ToArray();
        string[] seeds = ["--seed", $"127.0.0.1:{ports[0]}", "--seed", $"127.0.0.1:{ports[1]}"];
        var nodes = await Task.WhenAll(ports.Select(port => StartWithAsync(["--cluster-port", $"{port}", .. seeds])));
        var run = Owned(new RecordedRun(Topics, (ended, _) => StartWithAsync(["--cluster-port", ended.Cluster.Split(':')[1], .. seeds]), 1, Cancellation));
        run.Begin(nodes);
        await run.LoadAsync(publishers: 2, burst: 1, subscribers: 3);
        foreach (var (round, victim) in victims.Index())
        {
            await run.PassAsync(2);
            if (round > 0)
            {
                await run.StartAgainAsync(victims[round - 1]);
                await run.AcknowledgedAsync();
                await run.PassAsync(3);
            }

            await run.KillAsync(victim);
            await run.AcknowledgedAsync();
        }

        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        var history = run.Check("sequenced-survivor");

        // A new epoch each time a node went on alone, and subscribers were told.
        var epochs = RunFigures.Epochs(history, new HistoryFacts(history));
        Assert.All(Topics, topic => Assert.Equal(victims.Length + 1, epochs[topic]));
        Assert.Contains(history, static what => what.Kind == EventKind.Gap);
    }
}
