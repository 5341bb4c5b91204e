using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Broker.Fuzz.Engine;

namespace Broker.Fuzz.Campaign;

/// <summary>Runs one target in a process of the instrumented copy; what ends that process is a find as well.</summary>
internal static class FuzzChild
{
    /// <summary>Name of the subcommand that <see cref="FuzzWorker"/> answers.</summary>
    public const string Command = "work";

    /// <param name="copy">Where the program is.</param>
    /// <param name="target">Name of the target.</param>
    /// <param name="settings">When to end.</param>
    /// <param name="seeds">Archives and directories of inputs to start from.</param>
    /// <param name="kept">Directory for the inputs that were new; null: they are dropped.</param>
    /// <param name="cancellation">Kills the process.</param>
    public static async Task<FuzzReport> RunAsync(
        InstrumentedCopy copy, string target, FuzzSettings settings, IReadOnlyList<string> seeds, string? kept, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("broker-fuzz-" + target + "-");
        try
        {
            var work = new FuzzWork(target, settings, seeds, kept, Path.Combine(directory.FullName, "last"), Path.Combine(directory.FullName, "report"));
            var file = Path.Combine(directory.FullName, "work");
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(work), cancellation);
            var start = Stopwatch.GetTimestamp();
            var (exitCode, errors) = await StartAsync(copy.ProgramPath, file, cancellation);
            return exitCode == 0
                ? JsonSerializer.Deserialize<FuzzReport>(await File.ReadAllTextAsync(work.Report, cancellation))!
                : Ended(work, exitCode, errors, Stopwatch.GetElapsedTime(start));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<(int ExitCode, string Errors)> StartAsync(string program, string work, CancellationToken cancellation)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(host, ["exec", program, Command, work])
            {
                RedirectStandardError = true,
                RedirectStandardInput = true,
            },
        };
        process.Start();
        process.StandardInput.Close();
        try
        {
            var errors = await process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, errors);
        }
        catch
        {
            process.Kill();
            throw;
        }
    }

    private static FuzzReport Ended(FuzzWork work, int exitCode, string errors, TimeSpan time)
    {
        var problem = exitCode == FuzzWorker.Hung
            ? "does not end"
            : string.Create(CultureInfo.InvariantCulture, $"ends the process with {exitCode}");
        var find = new FuzzFind(problem, errors, LastInput.Read(work.LastInput) ?? []);
        return new FuzzReport(work.Target, work.Settings.Seed, 0, time.TotalSeconds, 0, 0, 0, [find]);
    }
}
