using System.Net;
using System.Text;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Which pages are a node's own on loopback, and whose word about a host or a token is taken.</summary>
public sealed class OwnHostSpecs
{
    private const string Settings = """
        broker.origins { allow = []
          refuse = status }
        broker.listen.proxy.trusted = ["127.0.9.0/24"]

        """;

    private static readonly IPAddress Proxy = new([127, 0, 9, 1]);

    [Theory]
    [InlineData("evil.example:8080", "http://evil.example:8080", null, false, 403)]
    [InlineData("evil.example", "http://evil.example", null, true, 403)]
    [InlineData("localhost:8080", "http://localhost:8080", null, false, 101)]
    [InlineData("127.0.0.1:8080", "http://127.0.0.1:8080", null, false, 101)]
    [InlineData("[::1]:8080", "http://[::1]:8080", null, false, 101)]
    [InlineData("localhost.evil.example", "http://localhost.evil.example", null, false, 403)]
    [InlineData("app.example", "https://app.example:8443", "app.example:8443", true, 101)]
    [InlineData("inner", "https://app.example", "app.example", true, 101)]
    [InlineData("app.example", "https://app.example", "app.example", false, 403)]
    [InlineData("inner", "https://evil.example", "app.example", true, 403)]
    public async Task On_loopback_the_own_host_is_loopback_or_what_a_trusted_proxy_says(string host, string origin, string? forwarded, bool isProxied, int status)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Settings);
        foreach (var isKept in new[] { false, true })
        {
            await using var socket = await node.DialAsync(isProxied ? Proxy : null);
            if (isKept)
            {
                await socket.UpgradeAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Deadline.Cancel);
            }

            List<(string, string)> headers = [("Origin", origin)];
            if (forwarded is not null)
            {
                headers.Add(("X-Forwarded-Host", forwarded));
            }

            await socket.UpgradeAsync(RawWebSocket.UpgradeRequest(host, headers: [.. headers]), Deadline.Cancel);
            Assert.Equal(status, socket.Status);
        }
    }

    [Theory]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Negotiate x")]
    public async Task Authorization_that_brings_no_bearer_token_is_none(string value)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open);
        await using var socket = await node.ConnectAsync(headers: ("Authorization", value));
        Assert.Equal(101, socket.Status);
        Assert.Equal("optional", (await HostileNode.ReadAsync(socket, "welcome")).GetProperty("auth").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("unknown")]
    [InlineData("203.0.113.7, evil, 127.0.9.9")]
    public async Task Clients_of_a_proxy_without_an_address_do_not_shut_each_other_out(string forwarded)
    {
        await using var node = await HostileNode.StartAsync(TokenNode.Config + "\nbroker.listen.proxy.trusted = [\"127.0.9.0/24\"]\n", TokenForge.Clock(), TokenNode.Token("canary"));
        async Task<int> TryAsync(string token)
        {
            await using var socket = await node.DialAsync(Proxy);
            await socket.UpgradeAsync(RawWebSocket.UpgradeRequest("a", headers: [("X-Forwarded-For", forwarded), ("Authorization", "Bearer " + token)]), Deadline.Cancel);
            return socket.Status;
        }

        for (var i = 0; i < 12; i++)
        {
            Assert.Equal(401, await TryAsync("guess"));
        }

        Assert.Equal(101, await TryAsync(TokenNode.Token("alice")));
        Assert.Equal(forwarded.Length == 0 ? 0 : 1, node.TakeLines().Count(static line => line.Contains("could not be read", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 101)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n", 200)]
    public async Task Latin_1_byte_in_a_cookie_is_nobodys_business(string request, int status)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open);
        byte[] bytes = Encoding.Latin1.GetBytes(request + "Cookie: name=caf\u00e9\r\n\r\n");
        foreach (var isKept in new[] { false, true })
        {
            await using var socket = await node.DialAsync();
            if (isKept)
            {
                await socket.UpgradeAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Deadline.Cancel);
            }

            await socket.UpgradeAsync(bytes, Deadline.Cancel);
            Assert.Equal(status, socket.Status);
        }
    }

    [Fact]
    public async Task Origin_of_a_kept_connection_is_printed_in_printable_ascii()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Settings);
        await using var socket = await node.DialAsync();
        await socket.UpgradeAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Deadline.Cancel);
        var request = Encoding.Latin1.GetString(RawWebSocket.UpgradeRequest("a", headers: [("Origin", "x")])).Replace("Origin: x", "Origin: http://a\u009b2J\u0085", StringComparison.Ordinal);
        await socket.UpgradeAsync(Encoding.Latin1.GetBytes(request), Deadline.Cancel);
        Assert.Equal(403, socket.Status);
        var line = Assert.Single(node.TakeLines(), static line => line.Contains("Refused origin", StringComparison.Ordinal));
        Assert.Contains("http://a\\x9b2J\\x85", line, StringComparison.Ordinal);
    }
}
