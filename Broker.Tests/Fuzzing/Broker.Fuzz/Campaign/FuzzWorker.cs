using System.Text.Json;
using Broker.Fuzz.Engine;
using Broker.Fuzz.Targets;

namespace Broker.Fuzz.Campaign;

/// <summary>The other side of <see cref="FuzzChild"/>, inside the instrumented copy.</summary>
internal static class FuzzWorker
{
    /// <summary>Exit code where an input did not end in time.</summary>
    public const int Hung = 3;

    private const int MaxSeconds = 10;

    public static int Run(string workFile)
    {
        var work = JsonSerializer.Deserialize<FuzzWork>(File.ReadAllText(workFile))!;

        // First of all: instrumented code counts from its first call.
        using var map = new CoverageMap();
        var target = FuzzTargets.Find(work.Target) ?? throw new ArgumentException($"There is no target {work.Target}.", nameof(workFile));
        using var lastInput = new LastInput(work.LastInput, target.MaxLength);
        var seeds = SeedFiles.Read(work.Seeds).Select(seed => seed.Input.Length > target.MaxLength ? seed.Input[..target.MaxLength] : seed.Input);
        var loop = new FuzzLoop(target, work.Settings, map, lastInput);
        Watch(lastInput);
        var report = loop.Run([.. seeds]);
        File.WriteAllText(work.Report, JsonSerializer.Serialize(report));
        if (work.Kept is not null)
        {
            SeedFiles.Write(work.Kept, EdgeCover.Select(target, map, loop.Inputs));
        }

        return 0;
    }

    // Nothing can stop a thread that does not end, but the process: the input is in the file by then.
    private static void Watch(LastInput lastInput)
    {
        var watch = new Thread(() =>
        {
            var (seen, seconds) = (-1L, 0);
            while (seconds < MaxSeconds)
            {
                Thread.Sleep(TimeSpan.FromSeconds(1));
                seconds = lastInput.Changes == seen ? seconds + 1 : 0;
                seen = lastInput.Changes;
            }

            Environment.Exit(Hung);
        })
        {
            IsBackground = true,
        };
        watch.Start();
    }
}
