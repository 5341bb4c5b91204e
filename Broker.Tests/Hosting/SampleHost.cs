using System.Diagnostics;
using System.Text.RegularExpressions;
using Broker.Tests.Support;

namespace Broker.Tests.Hosting;

/// <summary>A program of <c>samples</c> in a process of its own, on ports the system chose, in an empty directory.</summary>
internal sealed partial class SampleHost : ChildProcess
{
    private readonly string _directory;

    private SampleHost(ProcessStartInfo start, string directory)
        : base(start) => _directory = directory;

    /// <summary>Where its build puts it.</summary>
    public static string Folder(string sample) => Path.Combine(
        SourceTree.Root, "samples", sample, "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0");

    public Uri Http { get; private set; } = null!;

    public Uri WebSocket => new UriBuilder(Http) { Scheme = "ws", Path = "/ws" }.Uri;

    /// <param name="sample">Its folder.</param>
    /// <param name="cancellation">Gives up waiting and kills the process.</param>
    /// <param name="origin">Whose pages may connect beside its own.</param>
    public static async Task<SampleHost> StartAsync(string sample, CancellationToken cancellation, string? origin = null)
    {
        var directory = Directory.CreateTempSubdirectory("broker-host-").FullName;
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", Path.Combine(Folder(sample), sample + ".dll")])
        {
            WorkingDirectory = directory,
        };
        start.Environment["BROKER__LISTEN__PORT"] = "0";
        start.Environment["BROKER__OPS__PORT"] = "0";
        if (origin is not null)
        {
            start.Environment["BROKER__ORIGINS__ALLOW__0"] = origin;
        }

        var host = new SampleHost(start, directory);
        try
        {
            host.Http = new Uri((await host.WaitForLineAsync(ListeningLine(), cancellation)).Groups[1].Value);
            await host.WaitForLineAsync(ReadyLine(), cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [GeneratedRegex(@"\blistening on (http://127\.0\.0\.1:\d+)")]
    private static partial Regex ListeningLine();

    [GeneratedRegex(@"\bis ready: http://")]
    private static partial Regex ReadyLine();
}
