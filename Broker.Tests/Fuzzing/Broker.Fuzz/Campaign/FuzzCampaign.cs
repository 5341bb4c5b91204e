using Broker.Fuzz.Engine;

namespace Broker.Fuzz.Campaign;

/// <summary>Several targets, some at a time, each in its own process of one instrumented copy.</summary>
internal static class FuzzCampaign
{
    /// <param name="targets">Names.</param>
    /// <param name="settings">For each target.</param>
    /// <param name="seeds">Directory of the committed inputs, as <see cref="SeedFiles"/> keeps them.</param>
    /// <param name="kept">Directory with one of each target's name, to start from as well and for what is new; null: none.</param>
    /// <param name="jobs">Processes at a time.</param>
    /// <param name="done">Told each report as it comes, one at a time.</param>
    /// <param name="cancellation">Kills the processes.</param>
    public static async Task<IReadOnlyList<FuzzReport>> RunAsync(
        IReadOnlyList<string> targets,
        FuzzSettings settings,
        string seeds,
        string? kept,
        int jobs,
        Action<FuzzReport> done,
        CancellationToken cancellation)
    {
        using var copy = InstrumentedCopy.Make();
        var reports = new List<FuzzReport>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = jobs, CancellationToken = cancellation };
        await Parallel.ForEachAsync(targets, options, async (target, stop) =>
        {
            var own = kept is null ? null : Path.Combine(kept, target);
            string[] inputs = own is null ? SeedFiles.Of(seeds, target) : [.. SeedFiles.Of(seeds, target), own];
            var report = await FuzzChild.RunAsync(copy, target, settings, inputs, own, stop);
            lock (reports)
            {
                reports.Add(report);
                done(report);
            }
        });
        return reports;
    }
}
