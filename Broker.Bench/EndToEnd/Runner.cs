namespace Broker.Bench.EndToEnd;

/// <summary>
/// Measures: for every scenario and run all peers in turn, the first one changing from run to run, each on servers started for it.
/// What fails is part of the outcome and keeps nothing else from being measured.
/// </summary>
internal sealed class Runner(Workbench bench, RunOptions options, TextWriter log)
{
    private readonly PortRange _ports = new();
    private readonly LoadGenerator _generator = new(bench, options.Processor);
    private readonly List<Measurement> _measurements = [];

    /// <summary>All so far.</summary>
    public IReadOnlyList<Measurement> Measurements => _measurements;

    /// <summary>The peers that <paramref name="group"/> is measured with.</summary>
    public static IReadOnlyList<Peer> PeersOf(ScenarioGroup group, RunOptions options)
    {
        var names = options.Peers.Count > 0 ? options.Peers : group.Peers;
        return [.. Peers.All.Where(peer => names.Contains(peer.Name))];
    }

    /// <param name="peers">Without those that could not be prepared.</param>
    /// <param name="cancellation">Ends what was started and throws.</param>
    public async Task RunAsync(IReadOnlyList<Peer> peers, CancellationToken cancellation)
    {
        foreach (var group in Scenarios.Groups)
        {
            var takers = PeersOf(group, options).Where(peers.Contains).ToArray();
            foreach (var scenario in group.Scenarios.Where(IsAskedFor))
            {
                await RunAsync(scenario.ScaledTo(options.MostConnections), [.. takers.Where(peer => peer.Takes(scenario))], cancellation);
            }
        }
    }

    private bool IsAskedFor(Scenario scenario) => options.Scenarios.Count == 0 || options.Scenarios.Contains(scenario.Name, StringComparer.OrdinalIgnoreCase);

    private async Task RunAsync(Scenario scenario, Peer[] peers, CancellationToken cancellation)
    {
        for (var run = 1; run <= options.Runs; run++)
        {
            for (var turn = 0; turn < peers.Length; turn++)
            {
                var measurement = await MeasureAsync(scenario, peers[(turn + run - 1) % peers.Length], run, cancellation);
                _measurements.Add(measurement);
                await log.WriteLineAsync($"{scenario.Name,-10} run {run} {measurement.Peer,-9} {Summary(measurement)}");
            }
        }
    }

    private async Task<Measurement> MeasureAsync(Scenario scenario, Peer peer, int run, CancellationToken cancellation)
    {
        try
        {
            await using var setting = new Setting(bench, _ports, scenario);
            await peer.StartAsync(setting, cancellation);
            if (scenario.Load.Rehearsed)
            {
                await _generator.RunAsync(peer, setting, scenario, options.Seconds, options.Warmup, cancellation);
            }

            var result = scenario.Beside is { } beside
                ? await MeasureBesideAsync(peer, setting, scenario, beside, cancellation)
                : await _generator.RunAsync(peer, setting, scenario, options.Seconds, options.Warmup, cancellation);
            setting.ThrowIfEnded();
            return new Measurement(scenario.Name, peer.Name, run, result, null);
        }
        catch (Exception e) when (e is BenchException or IOException or HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return new Measurement(scenario.Name, peer.Name, run, null, e.Message);
        }
    }

    private async Task<LoadResult> MeasureBesideAsync(Peer peer, Setting setting, Scenario scenario, Load beside, CancellationToken cancellation)
    {
        await using var elsewhere = new Setting(bench, _ports, scenario);
        if (scenario.BesideElsewhere)
        {
            await peer.StartAsync(elsewhere, cancellation);
        }

        // Longer than what is measured, and whatever that takes to open.
        var seconds = options.Warmup + (options.Seconds * scenario.Load.Duration) + 3;
        await using var neighbour = _generator.Start(peer, scenario.BesideElsewhere ? elsewhere : setting, scenario with { Load = beside }, seconds, warmup: 1);
        await neighbour.WaitUntilReadyAsync(LoadGenerator.Allowance, cancellation);
        var result = await _generator.RunAsync(peer, setting, scenario, options.Seconds, options.Warmup, cancellation);
        neighbour.ThrowIfEnded();
        await neighbour.EndAsync(cancellation);
        LoadGenerator.Check(neighbour.Output);
        return result;
    }

    private static string Summary(Measurement measurement) => measurement.Result switch
    {
        null => $"failed: {measurement.Reason}",
        { CpuUsPerDelivery: { } cpu } result => $"{cpu:0.00} µs a delivery, {result.DeliveriesPerS:#,0}/s, p50 {result.P50:#,0} p99 {result.P99:#,0} µs",
        var result => $"{result.RssKbPerConnection:0.0} KiB a connection, {result.ConnectionsPerS:#,0}/s",
    };
}
