using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Broker.Bench.EndToEnd;

/// <summary>The files of one run: <c>table.md</c> and <c>results.json</c>.</summary>
internal static class RunOutput
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static void Write(
        string directory, Machine machine, RunOptions options, IReadOnlyDictionary<string, string> versions, IReadOnlyList<Measurement> measurements)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "results.json"), JsonSerializer.Serialize(new { machine, options, versions, measurements }, Json));
        var trial = options.IsTrial ? $"**A trial with at most {options.MostConnections} connections: not results.**\n\n" : "";
        var load = machine.LoadBefore.ToString("0.00", CultureInfo.InvariantCulture);
        File.WriteAllText(Path.Combine(directory, "table.md"), $"""
            {trial}{machine.Processor}, {machine.Processors} processors, {machine.MemoryMb} MiB; {machine.System}, Linux {machine.Kernel}; {machine.Runtime}; load before {load}.
            {string.Join("; ", versions.Values)}.
            {options.Runs} runs of {options.Seconds} s after {options.Warmup} s under load; medians; in brackets the ratio to NATS in the same run.

            {new Report(Peers.All, measurements).Markdown()}
            """);
    }
}
