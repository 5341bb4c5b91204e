using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>The time of day of nodes is wrong, by minutes or to and fro (libfaketime): order, offsets, epochs and leases do not hang on it.</summary>
public sealed class ClockSpecs : ProcessClusterSpecs
{
    private static readonly string[] Topics = [.. Enumerable.Range(1, 12).Select(static i => $"seq.y{i}")];

    public ClockSpecs() => Configure(RecordedRun.Settings);

    [LongFact]
    public async Task Nodes_whose_time_is_wrong_serve_as_others_do()
    {
        var library = Library();
        var swaying = Path.Combine(Directory.CreateTempSubdirectory("broker-clock-").FullName, "offset");
        try
        {
            await RunAsync(library, swaying);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(swaying)!, recursive: true);
        }
    }

    private async Task RunAsync(string library, string swaying)
    {
        await File.WriteAllTextAsync(swaying, "+0.2", Cancellation);
        var first = Owned(await NodeProcess.StartAsync([.. ConfigFlags], Cancellation, Environment(library, ("FAKETIME_TIMESTAMP_FILE", swaying), ("FAKETIME_CACHE_DURATION", "1"))));
        string[] joins = [.. ConfigFlags, "--seed", first.Cluster];
        var late = Owned(await NodeProcess.StartAsync(joins, Cancellation, Environment(library, ("FAKETIME", "-300"))));
        var early = Owned(await NodeProcess.StartAsync(joins, Cancellation, Environment(library, ("FAKETIME", "+300"))));
        var run = Owned(new RecordedRun(Topics, StartAgainAsync, 1, Cancellation));
        run.Begin([first, late, early]);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        for (var round = 0; round < 30; round++)
        {
            await run.PassAsync(1);
            await File.WriteAllTextAsync(swaying, round % 2 == 0 ? "-0.2" : "+0.2", Cancellation);
        }

        // A node with the right time in the place of one with a wrong one.
        await run.KillAsync("n3");
        await run.AcknowledgedAsync();
        await run.StartAgainAsync("n3");
        await run.AcknowledgedAsync();
        await run.PassAsync(5);
        Assert.Empty(run.CountEnded());
        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        run.Check("clock");
    }

    private static Dictionary<string, string> Environment(string library, params (string Name, string Value)[] more)
    {
        Dictionary<string, string> environment = new() { ["LD_PRELOAD"] = library, ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1" };
        foreach (var (name, value) in more)
        {
            environment.Add(name, value);
        }

        return environment;
    }

    /// <summary>Where the package of <c>faketime</c> has its library; the program itself is not used, because it would be the child in the node's place.</summary>
    private static string Library()
    {
        RequiredTool.Find("faketime");
        return Directory.GetDirectories("/usr/lib", "*-linux-gnu").Select(static directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1")).First(File.Exists);
    }
}
