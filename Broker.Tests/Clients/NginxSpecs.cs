using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>A proxy that keeps its connections to the node open may send an upgrade on one that has already carried requests for pages.</summary>
[Collection(RealClients.Name)]
public sealed class NginxSpecs(OneNode shared) : RealClientSpecs
{
    [Fact]
    public async Task Upgrade_on_a_connection_that_served_a_page_works_again_and_again()
    {
        await using var nginx = await StartAsync(shared.Node.Http.Port, "proxy_set_header Host $http_host;");
        using var http = new HttpClient(nginx.Through());
        for (var round = 0; round < 3; round++)
        {
            await PageThenChatAsync(http);
        }
    }

    /// <summary>nginx's <c>$host</c> leaves the port out; and a node on a loopback address takes no Host for its own but localhost.</summary>
    [Theory]
    [InlineData("proxy_set_header Host $host;", HttpStatusCode.Forbidden)]
    [InlineData("proxy_set_header Host $http_host;", HttpStatusCode.Forbidden)]
    [InlineData("proxy_set_header Host $host; proxy_set_header X-Forwarded-Host $http_host;", HttpStatusCode.SwitchingProtocols)]
    [InlineData("proxy_set_header Host node; proxy_set_header X-Forwarded-Host $http_host;", HttpStatusCode.SwitchingProtocols)]
    public async Task A_page_and_its_socket_are_of_one_host_if_a_trusted_proxy_says_so(string hosts, HttpStatusCode expected)
    {
        var settings = new Dictionary<string, string> { ["BROKER__LISTEN__PROXY__TRUSTED__0"] = "127.0.0.1", ["BROKER__ORIGINS__REFUSE"] = "status" };
        await using var node = await NodeProcess.StartAsync([], Cancellation, settings);
        await using var nginx = await StartAsync(node.Http.Port, hosts);
        using var http = new HttpClient(nginx.Through());
        using var upgrade = new HttpRequestMessage(HttpMethod.Get, "http://chat.example:8443/ws")
        {
            Headers =
            {
                { "Origin", "http://chat.example:8443" },
                { "Connection", "Upgrade" },
                { "Upgrade", "websocket" },
                { "Sec-WebSocket-Version", "13" },
                { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==" },
            },
        };
        using var answer = await http.SendAsync(upgrade, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal(expected, answer.StatusCode);
    }

    private async Task PageThenChatAsync(HttpClient http)
    {
        var page = await http.GetStringAsync(new Uri("http://proxy/"), Cancellation);
        Assert.Contains("<title>Broker</title>", page, StringComparison.Ordinal);
        var kept = ConnectionsToNode();

        await using var ann = await JsonClient.ConnectAsync(new Uri("ws://proxy/ws"), Cancellation, through: http);

        // Otherwise the upgrade went over a fresh connection and this proved nothing.
        Assert.NotEmpty(kept);
        Assert.Subset(kept, ConnectionsToNode());
        await using var bob = await JsonClient.ConnectAsync(new Uri("ws://proxy/ws"), Cancellation, through: http);
        await ann.SubscribeAsync("news.proxy", Cancellation);
        await bob.SubscribeAsync("news.proxy", Cancellation);
        await bob.PublishAsync("news.proxy", "from bob", Cancellation);
        await ann.PublishAsync("news.proxy", new string('a', 20_000), Cancellation);

        Assert.Equal("from bob", (await ann.ReceiveAsync(Cancellation)).GetProperty("data").GetString());
        Assert.Equal(20_000, (await ann.ReceiveAsync(Cancellation)).GetProperty("data").GetString()!.Length);
        Assert.Equal("from bob", (await bob.ReceiveAsync(Cancellation)).GetProperty("data").GetString());
        Assert.Equal(20_000, (await bob.ReceiveAsync(Cancellation)).GetProperty("data").GetString()!.Length);
        await ann.CloseAsync(Cancellation);
        await bob.CloseAsync(Cancellation);
    }

    // Client-side ports of the connections to the node that this process does not hold itself.
    private SortedSet<int> ConnectionsToNode() => new(
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
            .Where(connection => connection.State == TcpState.Established && connection.RemoteEndPoint.Port == shared.Node.Http.Port)
            .Select(connection => connection.LocalEndPoint.Port));

    private Task<ProxyProcess> StartAsync(int port, string hosts) => ProxyProcess.StartNginxAsync(
        directory => $$"""
            map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
            upstream node {
              server {{IPAddress.Loopback}}:{{port.ToString(CultureInfo.InvariantCulture)}};
              keepalive 16;
            }
            server {
              listen unix:{{ProxyProcess.SocketOf(directory)}};
              location / {
                proxy_pass http://node;
                proxy_http_version 1.1;
                {{hosts}}
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection $connection_upgrade;
              }
            }
            """,
        Cancellation);
}
