using System.Net;
using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Tests.Http;
using Broker.Tests.Listening;
using Broker.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Tests.Hostile;

/// <summary>Clients behind proxies: trusted ones are at 127.0.9.x, all other addresses are strangers'.</summary>
public sealed class ProxySpecs
{
    private const string Header = """
        broker.limits.connections-per-address = 5
        broker.listen.proxy.trusted = ["127.0.9.0/24"]

        """;

    private const string V2 = Header + "broker.listen.proxy.protocol = v2\n";

    private static readonly IPAddress Proxy = new([127, 0, 9, 1]);
    private static readonly IPAddress Stranger = new([127, 0, 8, 1]);

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_of_a_trusted_proxy_are_limited_each_for_itself(bool onAKeptConnection)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Header);
        List<RawWebSocket> sockets = [];
        async Task<int> ConnectAsync(string? forwarded)
        {
            var socket = await node.DialAsync(Proxy);
            sockets.Add(socket);
            if (onAKeptConnection)
            {
                await socket.UpgradeAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Cancel);
                Assert.Equal(200, socket.Status);
            }

            await socket.UpgradeAsync(RawWebSocket.UpgradeRequest("a", headers: forwarded is null ? [] : [("X-Forwarded-For", forwarded)]), Cancel);
            return socket.Status;
        }

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(101, await ConnectAsync($"198.51.100.{i}, 203.0.113.7"));
        }

        Assert.Equal(429, await ConnectAsync("198.51.100.9, 203.0.113.7"));
        Assert.NotNull(sockets[^1].Header("Retry-After"));
        Assert.Equal(1, node.Metrics["broker.connections.refused address"]);
        Assert.Equal(101, await ConnectAsync("203.0.113.8"));

        // The proxy itself, which checks its health, is not held to it.
        for (var i = 0; i < 7; i++)
        {
            Assert.Equal(101, await ConnectAsync(null));
        }

        await Eventually.IsTrueAsync(() => node.Api.State.Connections == 2 + 5 + 1 + 7, "all are counted, which follows their 101");
        sockets[0].Abort();
        await Eventually.IsTrueAsync(() => node.Api.State.Connections == 2 + 5 + 1 + 7 - 1, "a place is free");
        Assert.Equal(101, await ConnectAsync("203.0.113.7"));
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await node.IsUnharmedAsync();

        // The canary's.
        await Eventually.IsTrueAsync(() => node.Admission.Addresses == 1, "no place is left behind");
    }

    [Fact]
    public async Task A_refused_upgrade_gives_its_place_back()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Header);
        for (var i = 0; i < 8; i++)
        {
            await using var socket = await node.DialAsync(Proxy);
            await socket.UpgradeAsync(RawWebSocket.UpgradeRequest("a", headers: [("X-Forwarded-For", "203.0.113.7"), ("Origin", "https://evil.example")]), Cancel);
            Assert.Equal(403, socket.Status);
        }

        await node.IsUnharmedAsync();
        Assert.Equal(1, node.Admission.Addresses);
    }

    [Fact]
    public async Task What_a_stranger_says_about_its_address_is_ignored()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Header);
        List<RawWebSocket> sockets = [];
        for (var i = 0; i < 6; i++)
        {
            var socket = await node.DialAsync(Stranger);
            sockets.Add(socket);
            try
            {
                await socket.SendBytesAsync(RawWebSocket.UpgradeRequest("a", headers: [("X-Forwarded-For", $"203.0.113.{i}")]), cancellation: Cancel);
            }
            catch (IOException)
            {
                // Refused before it asked.
            }

            await socket.ReadResponseAsync(Cancel);
            Assert.Equal(i < 5 ? 101 : 429, socket.Status);
        }

        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Who_guesses_tokens_behind_a_proxy_is_refused_alone()
    {
        const string Keys = $$"""
            broker.auth { keys = [{ algorithm = HS256
              secret = "{{TokenForge.Secret}}" }]
              default-rights { subscribe = [">"]
                publish = [">"] } }

            """;
        var good = TokenForge.Hs256(TokenForge.Claims(("sub", "\"canary\""), ("exp", $"{TokenForge.Now + 80_000}")));
        await using var node = await HostileNode.StartAsync(Keys + Header, TokenForge.Clock(), good);
        async Task<int> TryAsync(string client, string token)
        {
            await using var socket = await node.DialAsync(Proxy);
            await socket.UpgradeAsync(RawWebSocket.UpgradeRequest("a", headers: [("X-Forwarded-For", client), ("Authorization", "Bearer " + token)]), Cancel);
            return socket.Status;
        }

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(401, await TryAsync("203.0.113.7", "guess"));
        }

        Assert.Equal(429, await TryAsync("203.0.113.7", "guess"));
        Assert.Equal(101, await TryAsync("203.0.113.7", good));
        Assert.Equal(401, await TryAsync("203.0.113.8", "guess"));
        await node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7:0")]
    [InlineData("", "127.0.0.1:")]
    public async Task The_application_sees_the_client(string forwarded, string seen)
    {
        await using var harness = await FrontDoorHarness.StartAsync(
            configure: static builder => builder.Services.AddSingleton(new TrustedProxies(new ProxyOptions { Trusted = ["127.0.0.1"] })));
        using var client = await harness.ConnectAsync();
        await client.SendAsync($"GET /about HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {forwarded}\r\nConnection: close\r\n\r\n");
        Assert.Contains($"http {seen}", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_PROXY_header_says_who_the_client_is_however_it_comes()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + V2);
        List<RawWebSocket> sockets = [];
        async Task<int> ConnectAsync(byte[] header, int segment = int.MaxValue)
        {
            var socket = await node.DialAsync(Proxy);
            sockets.Add(socket);
            await socket.SendBytesAsync([.. header, .. RawWebSocket.UpgradeRequest("a", headers: [("X-Forwarded-For", $"198.51.100.{sockets.Count}")])], segment, Cancel);
            await socket.ReadResponseAsync(Cancel);
            return socket.Status;
        }

        foreach (var segment in new[] { int.MaxValue, 1, 7, 16, 28 })
        {
            Assert.Equal(101, await ConnectAsync(ProxyHeaderSpecs.For("2001:db8::7", 5, 4, 0, 3, 1, 2, 3), segment));
        }

        // One more of its /64.
        Assert.Equal(429, await ConnectAsync(ProxyHeaderSpecs.For("2001:db8::8", 5)));
        Assert.Equal(1, node.Metrics["broker.connections.refused address"]);
        Assert.Equal(101, await ConnectAsync(ProxyHeaderSpecs.For("203.0.113.7", 5)));
        for (var i = 0; i < 7; i++)
        {
            Assert.Equal(101, await ConnectAsync(ProxyHeaderSpecs.Build(0x20, 0)));
        }

        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await node.IsUnharmedAsync();
        Assert.Equal(1, node.Admission.Addresses);
    }

    [Theory]
    [MemberData(nameof(ProxyHeaderSpecs.Malformed), MemberType = typeof(ProxyHeaderSpecs))]
    public async Task A_trusted_proxy_without_a_valid_header_is_dropped(string what, byte[] bytes)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + V2);
        var before = node.Metrics.All;
        await using var socket = await node.DialAsync(Proxy);
        await socket.SendBytesAsync(bytes, cancellation: Cancel);
        Assert.True((await socket.ReceiveAsync(Cancel)).IsEnd, what);
        await socket.DisposeAsync();
        await node.IsUnharmedAsync();
        Assert.Equal(["broker.handshakes.refused proxy = 1"], node.Metrics.Since(before));
    }

    [Fact]
    public async Task Half_a_PROXY_header_has_the_time_of_the_handshake()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + V2, TokenForge.Clock());
        var before = node.Metrics.All;
        await using var socket = await node.DialAsync(Proxy);
        await socket.SendBytesAsync(ProxyHeaderSpecs.For("203.0.113.7", 5)[..20], cancellation: Cancel);
        await Eventually.IsTrueAsync(() => node.Admission.Handshakes == 1, "accepted");
        await node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await socket.ReadResponseAsync(Cancel);
        Assert.Equal(408, socket.Status);
        await socket.DisposeAsync();
        await node.IsUnharmedAsync();
        Assert.Equal(["broker.handshakes.refused timeout = 1"], node.Metrics.Since(before));
    }

    [Fact]
    public async Task A_PROXY_header_of_a_stranger_is_bad_HTTP()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + V2);
        await using var socket = await node.DialAsync(Stranger);
        await socket.UpgradeAsync([.. ProxyHeaderSpecs.For("203.0.113.7", 5), .. RawWebSocket.UpgradeRequest("a")], Cancel);
        Assert.Equal(400, socket.Status);
        await socket.DisposeAsync();
        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_PROXY_header_comes_before_TLS()
    {
        using var certificate = new TestCertificate();
        await using var listener = await ListenerHarness.StartAsync(
            tls: certificate.Options, proxy: new ProxyOptions { Trusted = ["127.0.0.1"], Protocol = ProxyProtocol.V2 });
        using var socket = await listener.ConnectAsync();
        await socket.SendAsync(ProxyHeaderSpecs.For("203.0.113.7", 54321), Cancel);
        await using var client = new System.Net.Security.SslStream(new System.Net.Sockets.NetworkStream(socket));
        await client.AuthenticateAsClientAsync(
            new System.Net.Security.SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = certificate.Policy }, Cancel);
        using var connection = await listener.NextAsync();
        Assert.True(connection.Tls);
        Assert.Equal(IPEndPoint.Parse("203.0.113.7:54321"), connection.Remote);
        Assert.Equal((1, 1), (listener.Admission.Connections, listener.Admission.Addresses));
        connection.Dispose();
        Assert.Equal((0, 0), (listener.Admission.Connections, listener.Admission.Addresses));
    }
}
