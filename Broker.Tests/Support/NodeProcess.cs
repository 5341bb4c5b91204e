using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Broker.Tests.Support;

/// <summary>
/// A Broker.Node of its own process, on ports the system chose. It runs in an empty directory, so that nothing it needs
/// can come from the place the tests were started in. <see cref="StartAsync"/> returns when the node is ready,
/// <see cref="LaunchAsync"/> as soon as its addresses are known.
/// </summary>
internal sealed partial class NodeProcess : ChildProcess
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private static readonly string[] PortFlags = ["--port", "--ops-port", "--cluster-port"];

    private readonly string _directory;

    private NodeProcess(ProcessStartInfo start, string directory)
        : base(start) => _directory = directory;

    /// <summary>The public address, such as <c>http://127.0.0.1:40123/</c>.</summary>
    public Uri Http { get; private set; } = null!;

    /// <summary>The public WebSocket address.</summary>
    public Uri WebSocket { get; private set; } = null!;

    /// <summary>The operations address.</summary>
    public Uri Ops { get; private set; } = null!;

    /// <summary><c>host:port</c> that other nodes take as <c>--seed</c>.</summary>
    public string Cluster { get; private set; } = null!;

    /// <param name="arguments">Flags beside the ports; a later <c>--port</c> replaces the chosen one.</param>
    /// <param name="environment">Variables beside the inherited ones, of which no <c>BROKER_*</c> is passed on.</param>
    /// <param name="cancellation">Gives up waiting and kills the process.</param>
    public static Task<NodeProcess> StartAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellation, IReadOnlyDictionary<string, string>? environment = null) =>
        StartUntilAsync(arguments, environment, static (node, limit) => node.WaitUntilReadyAsync(limit), cancellation);

    /// <summary>As <see cref="StartAsync"/>, with a bound on file descriptors (<c>ulimit -n</c>).</summary>
    public static Task<NodeProcess> StartWithDescriptorsAsync(int descriptors, IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        StartUntilAsync(arguments, null, static (node, limit) => node.WaitUntilReadyAsync(limit), cancellation, start => Limit(start, descriptors));

    /// <summary>As <see cref="LaunchAsync"/>, on a host of a network of the test's own, and behind no default ports.</summary>
    public static Task<NodeProcess> LaunchOnAsync(TestNetwork network, int host, IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        StartUntilAsync(arguments, null, static (node, limit) => node.WaitForAddressesAsync(limit), cancellation, start => Prefix(start, network.On(host)));

    /// <summary>As <see cref="StartAsync"/>, and returns while the node still refuses clients.</summary>
    public static Task<NodeProcess> LaunchAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellation, IReadOnlyDictionary<string, string>? environment = null) =>
        StartUntilAsync(arguments, environment, static (node, limit) => node.WaitForAddressesAsync(limit), cancellation);

    /// <summary>Runs the program to its end, such as for <c>token</c>.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellation, IReadOnlyDictionary<string, string>? environment = null)
    {
        var directory = Directory.CreateTempSubdirectory("broker-node-").FullName;
        await using var node = new NodeProcess(StartInfo(arguments, environment, directory), directory);
        var exitCode = await node.Ended.WaitAsync(cancellation);
        return (exitCode, node.Output);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Waits until the node says that it takes clients.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        await WaitForAddressesAsync(cancellation);
        await WaitForLineAsync(ReadyLine(), cancellation);

        // The line says what the probe must say, except for a moment while more other nodes join than have answered.
        if (await ReasonAsync(cancellation) is { } reason)
        {
            Assert.Equal("not enough other nodes answer", reason);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (await ReasonAsync(cancellation) is not null)
            {
                await timer.WaitForNextTickAsync(cancellation);
            }
        }
    }

    /// <summary>The status of <c>/health/live</c>, <c>/health/ready</c> or <c>/health/startup</c>.</summary>
    public async Task<HttpStatusCode> HealthAsync(string probe, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(Ops, $"/health/{probe}"), cancellation);
        return response.StatusCode;
    }

    /// <summary>Why <c>/health/ready</c> says that it is not ready; null where it is.</summary>
    public async Task<string?> ReasonAsync(CancellationToken cancellation)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(Ops, "/health/ready"), cancellation);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellation));
        return body.RootElement.TryGetProperty("reason", out var reason) ? reason.GetString() : null;
    }

    /// <summary>Completes when it says so for a reason like this.</summary>
    public async Task WaitForReasonAsync(string part, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await ReasonAsync(cancellation) is not { } reason || !reason.Contains(part, StringComparison.Ordinal))
        {
            await timer.WaitForNextTickAsync(cancellation);
        }
    }

    private static async Task<NodeProcess> StartUntilAsync(
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string>? environment,
        Func<NodeProcess, CancellationToken, Task> wait,
        CancellationToken cancellation,
        Action<ProcessStartInfo>? change = null)
    {
        var directory = Directory.CreateTempSubdirectory("broker-node-").FullName;
        var start = StartInfo([.. Ports(arguments), .. arguments], environment, directory);
        change?.Invoke(start);
        var node = new NodeProcess(start, directory);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(StartTimeout);
            await wait(node, limit.Token);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    private static IEnumerable<string> Ports(IReadOnlyList<string> arguments) =>
        PortFlags.Where(flag => !arguments.Contains(flag)).SelectMany(flag => new[] { flag, "0" });

    private static ProcessStartInfo StartInfo(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, string directory)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host, ["exec", Path.Combine(AppContext.BaseDirectory, "Broker.Node.dll"), .. arguments])
        {
            WorkingDirectory = directory,
        };
        foreach (var name in start.Environment.Keys.Where(IsInherited).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    // Both limits: the runtime raises the soft one to the hard one. exec keeps the process's id.
    private static void Limit(ProcessStartInfo start, int descriptors) =>
        Prefix(start, ["bash", "-c", FormattableString.Invariant($"ulimit -n {descriptors} && exec \"$0\" \"$@\"")]);

    private static void Prefix(ProcessStartInfo start, string[] prefix)
    {
        string[] command = [.. prefix[1..], start.FileName, .. start.ArgumentList];
        start.FileName = prefix[0];
        start.ArgumentList.Clear();
        foreach (var argument in command)
        {
            start.ArgumentList.Add(argument);
        }
    }

    private static bool IsInherited(string name) =>
        name.StartsWith("BROKER_", StringComparison.Ordinal) || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal);

    private async Task WaitForAddressesAsync(CancellationToken cancellation)
    {
        Http = await AddressAsync(ListeningLine(), cancellation);
        Ops = await AddressAsync(OpsLine(), cancellation);
        Cluster = (await WaitForLineAsync(ClusterLine(), cancellation)).Groups[1].Value;
        WebSocket = new UriBuilder(Http) { Scheme = Http.Scheme == "https" ? "wss" : "ws", Path = "/ws" }.Uri;
    }

    private async Task<Uri> AddressAsync(Regex line, CancellationToken cancellation) =>
        new((await WaitForLineAsync(line, cancellation)).Groups[1].Value);

    [GeneratedRegex(@"\blistening on (https?://[^\s,;]+)")]
    private static partial Regex ListeningLine();

    [GeneratedRegex(@"\bops on (https?://[^\s,;]+)")]
    private static partial Regex OpsLine();

    [GeneratedRegex(@"\bcluster on ([^\s,;]+:\d+)")]
    private static partial Regex ClusterLine();

    [GeneratedRegex(@"\bready\b.*https?://")]
    private static partial Regex ReadyLine();
}
