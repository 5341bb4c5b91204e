using System.Diagnostics;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>A node is killed and comes back at the same address before the others have given it up.</summary>
public sealed class RejoinSpecs : ProcessClusterSpecs
{
    private static readonly string[] Topics = [.. Enumerable.Range(1, 12).Select(static i => $"seq.r{i}")];

    public RejoinSpecs() => Configure(RecordedRun.Settings);

    [LongFact]
    public Task Node_that_comes_back_at_once_after_a_kill_is_a_member_again() => RunAsync("n2");

    /// <summary>Each of them, the oldest as well.</summary>
    [LongFact]
    public Task Nodes_that_come_back_at_once_after_each_kill_are_members_again() =>
        RunAsync([.. Enumerable.Range(0, 12).Select(static round => $"n{(round % 3) + 1}")]);

    private async Task RunAsync(params string[] victims)
    {
        var nodes = await StartThreeAsync();
        var run = Owned(new RecordedRun(Topics, StartAgainAsync, 1, Cancellation));
        run.Begin(nodes);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        foreach (var victim in victims)
        {
            await run.PassAsync(1);
            await run.KillAsync(victim);
            var killed = Stopwatch.GetTimestamp();
            await run.StartAgainAsync(victim);
            var ready = Stopwatch.GetElapsedTime(killed);
            await run.AcknowledgedAsync();
            Report($"{victim}: ready {ready.TotalSeconds:F1} s after the kill, all topics {Stopwatch.GetElapsedTime(killed).TotalSeconds:F1} s after it");
            Assert.DoesNotContain("quarantined", run.Node(victim).Output, StringComparison.OrdinalIgnoreCase);
        }

        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        run.Check("rejoin");
    }
}
