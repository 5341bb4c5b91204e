namespace Broker.Bench.EndToEnd;

/// <summary>One call of <c>run</c>: prepares, measures, and writes the outcome even if it is interrupted.</summary>
internal sealed class BenchRun(Workbench bench, RunOptions options, string directory, TextWriter log)
{
    private readonly HashSet<Peer> _peers = [.. Scenarios.Groups.SelectMany(group => Runner.PeersOf(group, options))];
    private readonly Dictionary<string, string> _versions = [];

    /// <returns>The exit code: 0 if every measurement was made.</returns>
    public async Task<int> ExecuteAsync(bool install, bool build, CancellationToken cancellation)
    {
        var failed = await PrepareAsync(install, build, cancellation);

        // After what was compiled: others' work on this machine shows in it, ours does not.
        var machine = Machine.Read();
        var runner = new Runner(bench, options, log);
        try
        {
            await runner.RunAsync([.. _peers], cancellation);
        }
        catch (OperationCanceledException)
        {
            await log.WriteLineAsync("interrupted");
            failed++;
        }

        RunOutput.Write(directory, machine, options, _versions, runner.Measurements);
        await log.WriteLineAsync($"{directory}/table.md");
        return failed > 0 || runner.Measurements.Any(static m => m.Error is not null) ? 1 : 0;
    }

    /// <summary>A peer that cannot be prepared is left out. Returns how many those are.</summary>
    /// <exception cref="BenchException">The load generator cannot be compiled, or a package not be installed.</exception>
    public async Task<int> PrepareAsync(bool install, bool build, CancellationToken cancellation)
    {
        if (install)
        {
            await Preparation.InstallAsync(log, cancellation);
        }

        if (build)
        {
            await Preparation.CompileLoadGeneratorAsync(bench, cancellation);
        }

        var failed = 0;
        foreach (var peer in _peers.ToArray())
        {
            try
            {
                if (build)
                {
                    await log.WriteLineAsync($"preparing {peer.Name}");
                    await peer.PrepareAsync(bench, cancellation);
                }

                _versions[peer.Name] = $"{peer.Title(1)}: {await peer.VersionAsync(bench, cancellation)}";
            }
            catch (BenchException e)
            {
                await log.WriteLineAsync($"{peer.Name} is left out: {e.Message}");
                _peers.Remove(peer);
                failed++;
            }
        }

        return failed;
    }
}
