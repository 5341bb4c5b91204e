using System.Globalization;

namespace Broker.Bench.EndToEnd;

/// <summary>Runs wsload, on one processor of its own choice for all peers alike.</summary>
/// <param name="bench">Where it is.</param>
/// <param name="processor">Number of the processor; null: any.</param>
internal sealed class LoadGenerator(Workbench bench, int? processor)
{
    /// <summary>Opening may take 120 s, everything else what was asked for and a little.</summary>
    public static readonly TimeSpan Allowance = TimeSpan.FromSeconds(150);

    /// <exception cref="BenchException">It failed, connections ended, or nothing was delivered.</exception>
    public async Task<LoadResult> RunAsync(Peer peer, Setting setting, Scenario scenario, int seconds, int warmup, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Allowance + TimeSpan.FromSeconds(warmup + (seconds * scenario.Load.Duration)));
        await using var child = Start(peer, setting, scenario, seconds, warmup);
        try
        {
            await child.EndAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BenchException($"The load generator did not end: {child.Output}");
        }

        var result = Check(child.Output);

        // A peer that does not compress shows nothing in a row about compression.
        return !scenario.Load.Deflate || result.Deflating == result.Connections
            ? result
            : throw new BenchException($"Only {result.Deflating} of {result.Connections} connections compress.");
    }

    /// <summary>Starts it; ready is when it measures.</summary>
    public ChildProgram Start(Peer peer, Setting setting, Scenario scenario, int seconds, int warmup)
    {
        string[] arguments =
        [
            "--name", $"{peer.Name}/{scenario.Name}", "--pid", string.Join(',', setting.Processes),
            .. scenario.Urls(setting.Urls).SelectMany(static url => (string[])["--url", url]),
            .. peer.Dialect,
            .. scenario.Load.Arguments(seconds, warmup),
        ];
        return processor is { } number
            ? ChildProgram.Start(Workbench.Tool("taskset"), ["-c", number.ToString(CultureInfo.InvariantCulture), bench.WsLoad, .. arguments], "measuring")
            : ChildProgram.Start(bench.WsLoad, arguments, "measuring");
    }

    /// <summary>The result in what it wrote.</summary>
    /// <exception cref="BenchException">There is none, connections ended, or nothing was delivered.</exception>
    public static LoadResult Check(string output)
    {
        var result = LoadResult.Parse(output.Split('\n').LastOrDefault(static line => line.StartsWith('{')) ?? output);
        if (result.Dead > 0)
        {
            throw new BenchException($"{result.Dead} connections ended: {output}");
        }

        return result.DeliveriesPerS is not 0 ? result : throw new BenchException($"Nothing was delivered: {output}");
    }
}
