using System.Net.WebSockets;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>Clients behind nginx and HAProxy as <c>deploy</c> has them.</summary>
[Collection(RealClients.Name)]
public sealed class DeployedProxySpecs(DeployedProxySpecs.Nodes shared) : RealClientSpecs, IClassFixture<DeployedProxySpecs.Nodes>
{
    private static readonly Uri Address = new("ws://chat.example/ws");

    private static readonly Dictionary<string, string> Settings = new() { ["BROKER__LISTEN__PROXY__TRUSTED__0"] = "127.0.0.1" };

    public static TheoryData<string> Proxies => [.. DeployedProxy.All];

    public static TheoryData<string> StickyProxies => [.. DeployedProxy.Sticky];

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Clients_hear_each_other_whatever_nodes_they_are_on(string name)
    {
        await using var proxy = await DeployedProxy.StartAsync(name, shared.All, Cancellation);
        var clients = new List<JsonClient>();
        try
        {
            while (clients.DistinctBy(NodeOf).Count() < 2)
            {
                Assert.InRange(clients.Count, 0, 40);
                clients.Add(await ConnectAsync(proxy, clients.Count));
            }

            var topic = $"news.{name.Replace(' ', '.')}";
            foreach (var client in clients)
            {
                await client.SubscribeAsync(topic, Cancellation);
            }

            await clients[0].PublishAsync(topic, new string('a', 20_000), Cancellation);
            foreach (var client in clients)
            {
                Assert.Equal(20_000, (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetString()!.Length);
                await client.CloseAsync(Cancellation);
            }
        }
        finally
        {
            await DisposeAsync(clients);
        }
    }

    [Theory]
    [MemberData(nameof(StickyProxies))]
    public async Task A_client_stays_on_its_node(string name)
    {
        await using var proxy = await DeployedProxy.StartAsync(name, shared.All, Cancellation);
        var nodes = new HashSet<string>();
        for (var i = 0; i < 3 || nodes.Count < 2; i++)
        {
            Assert.InRange(i, 0, 40);

            // The handler keeps what cookies it gets, as a browser does.
            using var http = new HttpClient(proxy.Through(AddressOf(i)));
            var own = new HashSet<string>();
            for (var visit = 0; visit < 3; visit++)
            {
                await using var client = await JsonClient.ConnectAsync(Address, Cancellation, through: http);
                own.Add(NodeOf(client));
                await client.CloseAsync(Cancellation);
            }

            nodes.Add(Assert.Single(own));
        }
    }

    [Fact]
    public async Task Clients_of_a_node_that_stops_are_on_another_at_once_behind_every_proxy()
    {
        // HAProxy looks once a second whether a node is ready, and has looked away when clients are told to go.
        await using var first = await NodeProcess.StartAsync([], Cancellation, new Dictionary<string, string>(Settings) { ["BROKER__DRAIN__DELAY"] = "2s" });
        await using var second = await NodeProcess.StartAsync(["--seed", first.Cluster], Cancellation, Settings);
        await using var direct = await JsonClient.ConnectAsync(second.WebSocket, Cancellation);
        var there = NodeOf(direct);
        var proxies = new List<ProxyProcess>();
        var clients = new List<(ProxyProcess Proxy, int Number, JsonClient Client)>();
        try
        {
            foreach (var name in DeployedProxy.All)
            {
                var proxy = await DeployedProxy.StartAsync(name, [first, second], Cancellation);
                proxies.Add(proxy);

                // Where a proxy sends a client is its own business; it sends some to each.
                var nodes = new HashSet<string>();
                for (var i = 0; nodes.Count < 2; i++)
                {
                    Assert.InRange(i, 0, 40);
                    clients.Add((proxy, i, await ConnectAsync(proxy, i)));
                    nodes.Add(NodeOf(clients[^1].Client));
                }
            }

            var leaving = clients.Where(client => NodeOf(client.Client) != there).ToList();
            first.Signal(UnixSignal.Terminate);
            foreach (var (proxy, number, client) in leaving)
            {
                await client.ReadToCloseAsync(Cancellation);
                Assert.Equal((WebSocketCloseStatus)1012, client.CloseStatus);

                // The node may be draining still, or gone: the first attempt is let in all the same.
                await using var again = await ConnectAsync(proxy, number);
                Assert.Equal(there, NodeOf(again));
            }

            foreach (var (_, _, client) in clients.Except(leaving))
            {
                Assert.Equal("pong", JsonClient.TypeOf(await client.RequestAsync(new() { ["type"] = "ping" }, Cancellation)));
            }
        }
        finally
        {
            await DisposeAsync(clients.Select(static client => client.Client));
            foreach (var proxy in proxies)
            {
                await proxy.DisposeAsync();
            }
        }
    }

    private static string NodeOf(JsonClient client) => client.Welcome.GetProperty("node").GetString()!;

    /// <summary>Each in a network of its own: nginx looks at three numbers of an address.</summary>
    private static string AddressOf(int client) => $"10.{client}.{client * 5}.1";

    /// <summary>A client of this number without cookies.</summary>
    private async Task<JsonClient> ConnectAsync(ProxyProcess proxy, int number)
    {
        using var http = new HttpClient(proxy.Through(AddressOf(number)));
        return await JsonClient.ConnectAsync(Address, Cancellation, through: http);
    }

    private static async Task DisposeAsync(IEnumerable<JsonClient> clients)
    {
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    /// <summary>A cluster of three that trusts its proxies.</summary>
    public sealed class Nodes : IAsyncLifetime
    {
        private readonly List<NodeProcess> _nodes = [];

        internal IReadOnlyList<NodeProcess> All => _nodes;

        public async ValueTask InitializeAsync()
        {
            var cancellation = TestContext.Current.CancellationToken;
            _nodes.Add(await NodeProcess.StartAsync([], cancellation, Settings));
            _nodes.AddRange(await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => NodeProcess.StartAsync(["--seed", _nodes[0].Cluster], cancellation, Settings))));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var node in _nodes)
            {
                await node.DisposeAsync();
            }
        }
    }
}
