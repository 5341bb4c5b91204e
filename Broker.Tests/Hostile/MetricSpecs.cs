using System.Net.Security;
using Akka.Actor;
using Broker.Node.Connections;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Each offence counts once, for its reason and for nothing else.</summary>
public sealed class MetricSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string, string> Requests => new()
    {
        { "nonsense\r\n\r\n", "malformed" },
        { $"GET /{new string('a', 9000)} HTTP/1.1\r\n\r\n", "too_large" },
        { "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", "upgrade" },
        { "POST /ws HTTP/1.1\r\nHost: a\r\n\r\n", "upgrade" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_refused_counts_by_its_reason(string request, string reason)
    {
        var before = _node.Metrics.All;
        using var client = await _node.HttpAsync();
        await client.SendAsync(request);
        await client.ReadToEndAsync();
        await _node.IsUnharmedAsync();
        Assert.Equal([$"broker.handshakes.refused {reason} = 1"], _node.Metrics.Since(before));
    }

    public static TheoryData<string, string> Headers => new()
    {
        { "Origin: https://evil.example", "broker.handshakes.refused origin = 1" },
        { "Authorization: Bearer x", "broker.handshakes.refused token = 1|broker.tokens.refused invalid = 1" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task An_upgrade_refused_counts_by_its_reason(string header, string counts)
    {
        var before = _node.Metrics.All;
        var parts = header.Split(": ");
        await using var socket = await _node.ConnectAsync(headers: (parts[0], parts[1]));
        Assert.InRange(socket.Status, 401, 403);
        await socket.DisposeAsync();
        await _node.IsUnharmedAsync();
        Assert.Equal(counts.Split('|'), _node.Metrics.Since(before));
    }

    public static TheoryData<string, byte[], string> Faults => new()
    {
        { "an unmasked frame", TestFrame.Text("{}", masked: false), "broker.connections.closed 1002 protocol error = 1" },
        { "binary", TestFrame.Build(2, [1]), "broker.connections.closed 1003 unsupported data = 1" },
        { "bad UTF-8", TestFrame.Build(1, [0xFF]), "broker.connections.closed 1007 invalid data = 1" },
        { "too big", TestFrame.Build(1, [], announced: 1 << 20, lengthBytes: 8), "broker.connections.closed 1009 message too big = 1" },
        { "empty fragments", [.. TestFrame.Text("", fin: false), .. Repeat(TestFrame.Build(0, [], fin: false), 2000)], "broker.abuse fragments = 1|broker.connections.closed 1008 abuse = 1" },
        { "pings", Repeat(TestFrame.Build(9, []), 500), "broker.abuse control_frames = 1|broker.connections.closed 1008 abuse = 1" },
        { "a close code that must not be sent", TestFrame.Close(1005), "broker.connections.closed 1002 protocol error = 1" },
        { "an orderly close", TestFrame.Close(1000), "" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_connection_failed_counts_by_its_code(string what, byte[] bytes, string counts)
    {
        var before = _node.Metrics.All;
        await using var socket = await _node.ClientAsync();
        await socket.SendBytesAsync(bytes, cancellation: Cancel);
        await socket.ReceiveCloseAsync(Cancel);
        await socket.DisposeAsync();
        await _node.IsUnharmedAsync();
        Assert.Equal((what, counts), (what, string.Join('|', _node.Metrics.Since(before))));
    }

    [Fact]
    public async Task Unparsable_messages_count_each_and_their_abuse_once()
    {
        var before = _node.Metrics.All;
        await using var socket = await _node.ClientAsync();
        await socket.SendBytesAsync(Repeat(TestFrame.Text("nonsense"), 20), cancellation: Cancel);
        await socket.ReceiveCloseAsync(Cancel);
        await socket.DisposeAsync();
        await _node.IsUnharmedAsync();
        Assert.Equal(
            ["broker.abuse unparsable = 1", "broker.connections.closed 1008 abuse = 1", "broker.requests.refused invalid_json = 5"],
            _node.Metrics.Since(before));
    }

    [Fact]
    public async Task Open_connections_are_counted_up_and_down()
    {
        var before = _node.Metrics["broker.connections websocket"];
        await using var socket = await _node.ClientAsync();
        Assert.Equal(before + 1, _node.Metrics["broker.connections websocket"]);
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
        Assert.Equal(before, _node.Metrics["broker.connections websocket"]);
    }

    [Fact]
    public async Task What_is_no_TLS_counts_on_a_port_that_speaks_it()
    {
        using var certificate = new TestCertificate();
        await using var node = await HostileNode.StartAsync(
            HostileNode.Open + certificate.Configuration, tls: new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = certificate.Policy });
        using (var client = await node.HttpAsync())
        {
            await client.SendAsync("GET /ws HTTP/1.1\r\n\r\n");
            await client.ReadToEndAsync();
        }

        await node.HasCountedAsync("broker.handshakes.refused tls = 1");
    }

    [Fact]
    public async Task Upgrades_count_while_the_node_stops()
    {
        var node = await HostileNode.StartAsync(HostileNode.Open + "broker.drain.delay = 5s\n", TokenForge.Clock());
        var stopping = node.DisposeAsync().AsTask();
        await Eventually.IsTrueAsync(() => node.Health.Reason == "stopping", "it stops");
        await using (var socket = await node.ConnectAsync())
        {
            Assert.Equal((503, "1"), (socket.Status, socket.Header("Retry-After")));
        }

        Assert.Equal(1, node.Metrics["broker.handshakes.refused not_ready"]);
        await Eventually.IsTrueAsync(
            () =>
            {
                node.Time!.Advance(TimeSpan.FromSeconds(1));
                return stopping.IsCompleted;
            },
            "it has stopped");
        await stopping;
    }

    [Fact]
    public async Task Tokens_count_for_which_no_key_can_be_had()
    {
        // Nobody listens there.
        await using var node = await HostileNode.StartAsync(HostileNode.Open + """
            broker.auth.keys = [{ algorithm = RS256
              jwks = "https://127.0.0.1:1/jwks" }]

            """);
        var before = node.Metrics.All;
        var token = TokenForge.Sign("""{"alg":"RS256","kid":"a"}""", TokenForge.Claims(), static _ => new byte[256]);
        await using (var socket = await node.ConnectAsync(headers: ("Authorization", "Bearer " + token)))
        {
            Assert.Equal((503, "1"), (socket.Status, socket.Header("Retry-After")));
        }

        Assert.Equal(["broker.handshakes.refused keys = 1"], node.Metrics.Since(before));
    }

    [Fact]
    public async Task Connections_over_the_limit_of_the_node_count()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + "broker.limits.connections = 3\n");
        await using var third = await node.DialAsync();
        await Eventually.IsTrueAsync(() => node.Admission.Connections == 3, "the third is in");
        await using (var fourth = await node.DialAsync())
        {
            await fourth.ReadResponseAsync(Cancel);
            Assert.Equal(503, fourth.Status);
        }

        await third.DisposeAsync();
        await node.HasCountedAsync("broker.connections.refused total = 1");
    }

    [Theory]
    [InlineData(1011, "server error")]
    [InlineData(1012, "restart")]
    public async Task Connections_that_end_by_the_servers_own_doing_count(int code, string reason)
    {
        await using var node = await HostileNode.StartAsync(sings: false);
        await using var socket = await node.ClientAsync();
        var connections = node.Broker.System!.ActorSelection("/user/broker/connections" + (code == 1011 ? "/*" : ""));
        connections.Tell(code == 1011 ? Kill.Instance : new ConnectionsActor.DrainAll(TimeSpan.Zero, new TaskCompletionSource()));
        Assert.Equal(code, (await HostileNode.ReadAsync(socket, "disconnecting")).GetProperty("code").GetInt32());
        await HostileNode.ClosesAsync(socket, code, reason);
        await Eventually.IsTrueAsync(() => node.Metrics[$"broker.connections.closed {code} {reason}"] == 3, "the canary is closed as well");
    }

    private static byte[] Repeat(byte[] frame, int times) => [.. Enumerable.Repeat(frame, times).SelectMany(static bytes => bytes)];
}
