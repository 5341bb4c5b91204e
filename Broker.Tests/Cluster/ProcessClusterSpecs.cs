using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Broker.Tests.Configuration;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Nodes of one cluster as processes, started as the README says; the first is the seed. Ends them all.</summary>
[Collection(NodeProcesses.Name)]
public abstract partial class ProcessClusterSpecs : IAsyncLifetime
{
    /// <summary>Of nodes on hosts of their own.</summary>
    protected const int ClusterPort = 4053;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(Full ? 30 : 2);

    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<IAsyncDisposable> _started = [];
    private readonly TemporaryDirectory _files = new();
    private string? _config;

    protected ProcessClusterSpecs() => _limit.CancelAfter(Limit);

    /// <summary>The long runs were asked for.</summary>
    protected static bool Full => Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1";

    protected CancellationToken Cancellation => _limit.Token;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        // All of them, whatever becomes of one: a node that is left over outlives the tests.
        await Task.WhenAll(Enumerable.Reverse(_started).Select(static started => started.DisposeAsync().AsTask()));
        _files.Dispose();
        _limit.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Settings of all nodes started from now on, over those of a cluster on one machine.</summary>
    protected void Configure(string hocon) => _config = _files.Write("nodes.conf", $"include \"built-in/broker.conf\"\n{hocon}\n");

    internal async Task<NodeProcess> StartAsync(NodeProcess? seed) => Owned(await NodeProcess.StartAsync(Arguments(seed), Cancellation));

    /// <summary>A node that is not ready yet.</summary>
    internal async Task<NodeProcess> LaunchAsync(NodeProcess? seed) => Owned(await NodeProcess.LaunchAsync(Arguments(seed), Cancellation));

    /// <summary>A node at the cluster address of one that has ended.</summary>
    internal async Task<NodeProcess> StartAgainAsync(NodeProcess ended, NodeProcess seed) =>
        Owned(await NodeProcess.StartAsync(["--cluster-port", ended.Cluster.Split(':')[1], .. Arguments(seed)], Cancellation));

    /// <summary>A node as its whole command line says, ready.</summary>
    internal async Task<NodeProcess> StartWithAsync(params string[] arguments) =>
        Owned(await NodeProcess.StartAsync([.. ConfigFlags, .. arguments], Cancellation));

    /// <summary>A node as its whole command line says, which need not be ready.</summary>
    internal async Task<NodeProcess> LaunchWithAsync(params string[] arguments) =>
        Owned(await NodeProcess.LaunchAsync([.. ConfigFlags, .. arguments], Cancellation));

    /// <summary>A node on a host of its own, at its address and the default ports, which need not be ready.</summary>
    internal async Task<NodeProcess> LaunchOnAsync(TestNetwork network, int host, params string[] arguments)
    {
        var address = network.Address(host);
        var file = _files.Write($"{address}.conf", $$"""
            include "{{_config ?? "built-in/broker.conf"}}"
            broker { listen.host = "{{address}}"
              ops.host = "{{address}}"
              auth.anonymous-rights { subscribe = [">"], publish = [">"], history = [">"], presence = [">"], rooms { create = ["*"], join = ["*"] } }
              cluster { host = "{{address}}"
                insecure = on } }
            """);
        return Owned(await NodeProcess.LaunchOnAsync(network, host, ["--config", file, "--cluster-port", $"{ClusterPort}", .. arguments], Cancellation));
    }

    /// <summary>A node on each of the hosts, ready; the first two are the seeds.</summary>
    /// <param name="network">Of the hosts.</param>
    /// <param name="hosts">So many of them; null: all.</param>
    internal Task<NodeProcess[]> StartOnAsync(TestNetwork network, int? hosts = null) =>
        Task.WhenAll(Enumerable.Range(1, hosts ?? network.Hosts).Select(host => StartOnHostAsync(network, host)));

    /// <summary>A node on a host, ready; the first two hosts have the seeds.</summary>
    internal async Task<NodeProcess> StartOnHostAsync(TestNetwork network, int host)
    {
        var node = await LaunchOnAsync(network, host, SeedsOn(network));
        await node.WaitUntilReadyAsync(Cancellation);
        return node;
    }

    /// <summary>A node on the host of one that has ended, ready.</summary>
    internal Task<NodeProcess> StartOnAgainAsync(TestNetwork network, NodeProcess ended)
    {
        var host = Enumerable.Range(1, network.Hosts).First(host => ended.Cluster.StartsWith($"{network.Address(host)}:", StringComparison.Ordinal));
        return StartOnHostAsync(network, host);
    }

    /// <summary>Ports that are free now, below those that the system gives to others.</summary>
    internal static int[] FreePorts(int count)
    {
        var ports = new HashSet<int>();
        while (ports.Count < count)
        {
            var port = Random.Shared.Next(15000, 30000);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                ports.Add(port);
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }

        return [.. ports];
    }

    internal async Task<NodeProcess[]> StartThreeAsync()
    {
        var first = await StartAsync(null);
        var others = await Task.WhenAll(StartAsync(first), StartAsync(first));
        return [first, .. others];
    }

    internal async Task<Listener> ListenAsync(NodeProcess node, string topic) => Owned(await Listener.SubscribeAsync(node, topic, Cancellation));

    internal async Task<Talker> TalkAsync(NodeProcess node, string topic, string name, int padding = 0, int burst = 1) =>
        Owned(await Talker.StartAsync(node, topic, name, padding, burst, Cancellation));

    internal async Task<JsonClient> ConnectAsync(NodeProcess node) => Owned(await JsonClient.ConnectAsync(node.WebSocket, Cancellation));

    internal T Owned<T>(T started)
        where T : IAsyncDisposable
    {
        lock (_started)
        {
            _started.Add(started);
        }

        return started;
    }

    /// <summary>The failure detector of a node has given up another one.</summary>
    internal Task UnreachableSeenAsync(NodeProcess node) => node.WaitForLineAsync(Unreachable(), Cancellation);

    /// <summary>What the publishers on some nodes send now arrives, in order and without a hole, at the subscribers on others.</summary>
    internal async Task AssertFlowsAsync(string topic, params NodeProcess[] nodes) =>
        Assert.True(await FlowsAsync(topic, "node", nodes), "A gap came.");

    /// <summary>
    /// As <see cref="AssertFlowsAsync"/> once the nodes have agreed again: one that stood still may at first take the others
    /// for unreachable, and what it publishes until it hears of them is a <c>gap</c> there.
    /// </summary>
    internal async Task AssertFlowsAgainAsync(string topic, params NodeProcess[] nodes)
    {
        for (var round = 0; !await FlowsAsync(topic, $"round-{round}", nodes); round++)
        {
        }
    }

    /// <summary>False: not everything arrived, and a <c>gap</c> said so.</summary>
    private async Task<bool> FlowsAsync(string topic, string publisher, NodeProcess[] nodes)
    {
        var listeners = new List<Listener>();
        foreach (var node in nodes)
        {
            listeners.Add(await ListenAsync(node, topic));
        }

        foreach (var (i, node) in nodes.Index())
        {
            var client = await ConnectAsync(node);
            for (var n = 0; n < 10; n++)
            {
                await client.PublishAsync(topic, new { p = $"{publisher}-{i}", n, t = Stopwatch.GetTimestamp() }, Cancellation);
            }
        }

        foreach (var listener in listeners)
        {
            await listener.UntilAsync(it => it.Gaps > 0 || nodes.Index().All(node => it.Last($"{publisher}-{node.Index}") == 9), Cancellation);
            Assert.Empty(listener.Faults);
        }

        return listeners.TrueForAll(static listener => listener.Gaps == 0);
    }

    /// <summary>Figures of a run, for people who read its output.</summary>
    protected static void Report(FormattableString figures) =>
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant(figures));

    protected string[] ConfigFlags => _config is null ? [] : ["--config", _config];

    // The first node of a cluster joins itself, and only itself.
    private string[] Arguments(NodeProcess? seed) =>
        [.. ConfigFlags, .. seed is null ? Array.Empty<string>() : ["--seed", seed.Cluster]];

    private static string[] SeedsOn(TestNetwork network) => ["--seed", $"{network.Address(1)}:{ClusterPort}", "--seed", $"{network.Address(2)}:{ClusterPort}"];

    [GeneratedRegex("UNREACHABLE")]
    private static partial Regex Unreachable();
}
