using System.Diagnostics;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>The threads of a node's lanes stand still and its other threads do not: pulses are answered, and no topic goes on there.</summary>
public sealed class StuckLaneSpecs : ProcessClusterSpecs
{
    private static readonly string[] Topics = [.. Enumerable.Range(1, 12).Select(static i => $"seq.k{i}")];

    public StuckLaneSpecs() => Configure(RecordedRun.Settings);

    [LongFact]
    public async Task Node_whose_lanes_stand_still_ends_and_the_others_go_on()
    {
        var nodes = await StartThreeAsync();
        var run = Owned(new RecordedRun(Topics, StartAgainAsync, 1, Cancellation));
        run.Begin(nodes);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        await run.PassAsync(3);
        run.Befalls("stuck", "n2");
        var stuck = Stopwatch.GetTimestamp();
        Assert.NotEqual(0, await HeldThreads.HoldAsync(nodes[1].Id, "broker.lane-dis", Cancellation));

        Assert.Equal(1, await nodes[1].WaitForExitAsync(Cancellation));
        Report($"ended {Stopwatch.GetElapsedTime(stuck).TotalSeconds:F1} s after its lanes stood still");
        Assert.Contains("has done nothing for some seconds", nodes[1].Output, StringComparison.Ordinal);
        Assert.Equal(["n2"], run.CountEnded());
        await run.AcknowledgedAsync();
        await run.StartAgainAsync("n2");
        await run.AcknowledgedAsync();
        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        run.Check("stuck-lane");
    }
}
