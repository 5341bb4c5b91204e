using System.Text;
using System.Text.RegularExpressions;
using Broker.Node.Diagnostics;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>What a node logs of those it refuses and closes: a line each, without what they sent, and few when they are many.</summary>
public sealed class LogSpecs(TokenNode shared) : IClassFixture<TokenNode>
{
    /// <summary>Stands in everything that is sent here, and must stand in no line.</summary>
    private const string Sent = "what-the-client-sent";

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string, string, string> Requests => new()
    {
        { "no HTTP", $"{Sent}\r\n\r\n", "Refused a handshake of 127.0.0.1: malformed \\(.+\\)" },
        { "a long line", $"GET /{Sent}{new string('a', 9000)} HTTP/1.1\r\n\r\n", "Refused a handshake of 127.0.0.1: too_large \\(.+\\)" },
        { "no upgrade", $"GET /ws HTTP/1.1\r\nHost: {Sent}\r\n\r\n", "Refused a handshake of 127.0.0.1: upgrade \\(.+\\)" },
        { "a subprotocol", Upgrade($"Sec-WebSocket-Protocol: {Sent}"), "Refused a handshake of 127.0.0.1: upgrade \\(.+\\)" },
        { "a token", Upgrade($"Authorization: Bearer {Sent}"), "Refused a handshake of 127.0.0.1: token \\(Invalid token: it is no JWT: .+\\)" },
        { "an origin", Upgrade("Origin: https://evil.example"), "Refused origin https://evil.example of 127.0.0.1; broker.origins.allow decides" },
        { "a long origin", Upgrade($"Origin: https://{new string('a', 300)}{Sent}.example"), "Refused origin https://a{247}\\.\\.\\. of 127.0.0.1; broker.origins.allow decides" },
    };

    public static TheoryData<string, byte[], string> Frames => new()
    {
        { "unmasked", TestFrame.Text(Sent, masked: false), "1002 protocol error" },
        { "binary", TestFrame.Build(2, Encoding.UTF8.GetBytes(Sent)), "1003 unsupported data" },
        { "bad UTF-8", TestFrame.Build(1, [.. Encoding.UTF8.GetBytes(Sent), 0xFF]), "1007 invalid data" },
        { "pings", [.. Enumerable.Repeat(TestFrame.Build(9, Encoding.UTF8.GetBytes(Sent)), 100).SelectMany(static frame => frame)], "1008 abuse" },
        { "too big", TestFrame.Build(1, Encoding.UTF8.GetBytes(Sent), announced: 1 << 20, lengthBytes: 8), "1009 message too big" },
        { "no auth", TestFrame.Text($$"""{"type":"{{Sent}}"}"""), "1008 auth required" },
        { "a bad token", TestFrame.Text($$"""{"type":"auth","token":"{{Sent}}"}"""), "1008 Invalid token \\(it is no JWT: .+\\)" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_refused_request_has_one_line(string what, string request, string line)
    {
        await BeginAsync();
        using (var client = await _node.HttpAsync())
        {
            await client.SendAsync(request);
            Assert.StartsWith("HTTP/1.1 4", await client.ReadToEndAsync(), StringComparison.Ordinal);
        }

        HasOneLine(what, line);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public async Task A_connection_that_is_closed_has_one_line(string what, byte[] frames, string line)
    {
        await BeginAsync();
        await using (var socket = await _node.ClientAsync())
        {
            await HostileNode.SendUntilCutAsync(socket, [frames]);
            await socket.ReceiveCloseAsync(Cancel);
        }

        HasOneLine(what, $"Closed connection [0-9a-f]+ of 127.0.0.1: {line}");
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_client_that_is_silent_has_one_line()
    {
        await BeginAsync();
        await using var silent = await _node.ClientAsync();
        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await silent.ReceiveCloseAsync(Cancel);
        HasOneLine("no auth", "Closed connection [0-9a-f]+ of 127.0.0.1: 1008 auth timeout");

        using var half = await _node.HttpAsync();
        await half.SendAsync("GET /ws HTTP/1.1\r\n");
        await Eventually.IsTrueAsync(() => _node.Admission.Handshakes == 1, "accepted");
        await PeerRead.AllAsync(half.Socket);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await half.ReadToEndAsync();
        HasOneLine("half a request", "Refused a handshake of 127.0.0.1: timeout \\(.+\\)");

        // Ends 130 seconds from now, its skew included.
        var token = TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{Sent}\""), ("iat", $"{Now}"), ("exp", $"{Now + 100}")));
        await using var dead = await _node.ClientAsync(token);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(25));
        await _node.AdvanceAsync(TimeSpan.FromSeconds(8));
        Assert.Equal(9, (await dead.ReceiveAsync(Cancel)).Opcode);
        Assert.True((await dead.ReceiveAsync(Cancel)).IsEnd);
        HasOneLine("no pong", "Closed connection [0-9a-f]+ of 127.0.0.1: 1006 heartbeat");

        await using var late = await _node.ClientAsync(token);
        for (var i = 0; i < 4; i++)
        {
            await _node.AdvanceAsync(TimeSpan.FromSeconds(20));
            await HostileNode.RoundTripAsync(late);
        }

        await _node.AdvanceAsync(TimeSpan.FromSeconds(16));
        await _node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await late.ReceiveCloseAsync(Cancel);
        HasOneLine("a token that is over", "Closed connection [0-9a-f]+ of 127.0.0.1: 4001 token expired");
        await late.DisposeAsync();
        await silent.DisposeAsync();
        await dead.DisposeAsync();
        half.Dispose();
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_refused_grant_has_one_line_however_often_it_comes()
    {
        await BeginAsync();
        await using (var socket = await _node.ClientAsync(TokenForge.Hs256(TokenForge.Claims(("iat", $"{Now}"), ("exp", $"{Now + 100}")))))
        {
            var grant = TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{Sent}\""), ("iat", $"{Now}"), ("exp", $"{Now + 100}")));
            for (var i = 0; i < 3; i++)
            {
                await socket.SendTextAsync($$"""{"type":"subscribe","topic":"open.t","token":"{{grant}}"}""", Cancel);
                await HostileNode.ReadErrorAsync(socket, "invalid_token");
            }

            HasOneLine("a grant", "Refused the token of a subscribe of 127.0.0.1: Invalid token: its sub is another than this connection's");
            await HostileNode.LeaveAsync(socket);
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_client_that_is_not_let_in_has_one_line()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + "broker.limits.connections-per-address = 3\n", TokenForge.Clock());
        await using var third = await node.ClientAsync();
        await using var fourth = await node.DialAsync();
        await fourth.ReadResponseAsync(Cancel);
        Assert.Equal(429, fourth.Status);
        Assert.Equal(["Refused a connection of 127.0.0.1: address "], node.TakeLines());
        await fourth.DisposeAsync();
        await HostileNode.LeaveAsync(third);
        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_thousand_offences_in_a_second_have_ten_lines_and_one_that_counts_the_rest()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open, TokenForge.Clock());
        await Parallel.ForAsync(0, 1000, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancel }, async (i, cancel) =>
        {
            await using var socket = await node.DialAsync();
            await HostileNode.SendUntilCutAsync(socket, [i % 2 == 0 ? [0, 13, 10, 13, 10] : [.. RawWebSocket.UpgradeRequest("a"), .. TestFrame.Text("", masked: false)]]);
            await socket.ReadResponseAsync(cancel);
            await socket.ReceiveUntilAsync(static frame => frame.IsEnd, cancel);
        });
        Assert.Equal(ConnectionLog.LinesPerSecond, node.TakeLines().Count);
        node.Time!.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["990 more connections were refused or closed within a second "], node.TakeLines());
        await node.HasCountedAsync("broker.connections.closed 1002 protocol error = 500", "broker.handshakes.refused malformed = 500");
    }

    private static string Upgrade(string header) => Encoding.Latin1.GetString(RawWebSocket.UpgradeRequest("a", headers: [(header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..])]));

    private long Now => _node.Time!.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>The second of what other tests of the class caused is over, and the minute of their guesses.</summary>
    private async Task BeginAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            await _node.AdvanceAsync(TimeSpan.FromSeconds(20.5));
        }

        _node.TakeLines();
    }

    private void HasOneLine(string what, string expected)
    {
        var line = Assert.Single(_node.TakeLines());
        Assert.True(Regex.IsMatch(line, $"^{expected} $"), $"{what}: {line}");
        Assert.DoesNotContain(Sent, line, StringComparison.Ordinal);
    }
}
