using System.Globalization;
using System.Runtime.InteropServices;

namespace Broker.Bench.EndToEnd;

/// <summary>What the figures were measured on.</summary>
internal sealed record Machine(string Processor, int Processors, long MemoryMb, string System, string Kernel, string Runtime, double LoadBefore)
{
    public static Machine Read() => new(
        Field("/proc/cpuinfo", "model name"),
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20,
        Field("/etc/os-release", "PRETTY_NAME").Trim('"'),
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        RuntimeInformation.FrameworkDescription,
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture));

    private static string Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split([':', '='], 2)[1].Trim() ?? "unknown";
}
