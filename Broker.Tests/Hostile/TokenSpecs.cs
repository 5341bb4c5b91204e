using System.Net;
using System.Net.Sockets;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Tokens in odd places, at odd times, and with addresses of their own.</summary>
public sealed class TokenSpecs(TokenNode shared) : IClassFixture<TokenNode>
{
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    private long Now => _node.Time!.GetUtcNow().ToUnixTimeSeconds();

    [Theory]
    [InlineData("token={0}")]
    [InlineData("access_token={0}; Authorization=Bearer {0}")]
    [InlineData("bearer.{0}=1; session={0}")]
    public async Task A_cookie_carries_no_authority(string cookie)
    {
        var header = ("Cookie", string.Format(System.Globalization.CultureInfo.InvariantCulture, cookie, Good()));
        await using var socket = await _node.ConnectAsync(headers: header);
        Assert.Equal(101, socket.Status);
        Assert.Equal("required", (await HostileNode.ReadAsync(socket, "welcome")).GetProperty("auth").GetString());
        await socket.SendTextAsync("""{"type":"subscribe","topic":"open.t"}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "auth_required");
        await HostileNode.ReadAsync(socket, "disconnecting");
        await HostileNode.ClosesAsync(socket, 1008, "auth required");
        await using var foreign = await _node.ConnectAsync(headers: [header, ("Origin", "https://evil.example")]);
        Assert.Equal(403, foreign.Status);
        await foreign.DisposeAsync();
        await _node.IsUnharmedAsync(lines: 1);
    }

    [Fact]
    public async Task An_auth_message_at_a_byte_a_second_is_too_late()
    {
        await using var socket = await _node.ConnectAsync();
        await HostileNode.ReadAsync(socket, "welcome");
        var auth = TestFrame.Text($$"""{"type":"auth","token":"{{Good()}}"}""");
        for (var i = 0; i < 4; i++)
        {
            await socket.SendBytesAsync(auth[i..(i + 1)], cancellation: Cancel);
            await _node.AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.Equal(3, _node.ConnectionActors());
        }

        await socket.SendBytesAsync(auth[4..5], cancellation: Cancel);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1008, (await HostileNode.ReadAsync(socket, "disconnecting")).GetProperty("code").GetInt32());
        await HostileNode.ClosesAsync(socket, 1008, "auth timeout");
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("""{"alg":"HS256","jku":"ADDRESS"}""")]
    [InlineData("""{"alg":"RS256","jku":"ADDRESS","kid":"k1"}""")]
    [InlineData("""{"alg":"RS256","x5u":"ADDRESS"}""")]
    [InlineData("""{"alg":"ES256","jku":"ADDRESS","x5u":"ADDRESS","jwk":{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}}""")]
    [InlineData("""{"alg":"HS256","kid":"ADDRESS"}""")]
    public async Task A_token_that_names_where_its_keys_are_makes_nobody_look_there(string header)
    {
        // A minute for those before it: guesses of an address are counted.
        for (var i = 0; i < 4; i++)
        {
            await _node.AdvanceAsync(TimeSpan.FromSeconds(15));
        }

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connected = listener.AcceptSocketAsync(Cancel).AsTask();
        var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/keys.json";
        var token = TokenForge.Hs256(
            TokenForge.Claims(("iat", $"{Now}"), ("exp", $"{Now + 60}"), ("iss", $"\"{address}\"")), header.Replace("ADDRESS", address, StringComparison.Ordinal), new string('x', 64));
        await using var refused = await _node.ConnectAsync(headers: ("Authorization", "Bearer " + token));
        Assert.Equal(401, refused.Status);
        await refused.DisposeAsync();
        await using var waiting = await _node.ConnectAsync();
        await HostileNode.ReadAsync(waiting, "welcome");
        await waiting.SendTextAsync($$"""{"type":"auth","token":"{{token}}"}""", Cancel);
        await HostileNode.ReadErrorAsync(waiting, "invalid_token");
        await HostileNode.ReadAsync(waiting, "disconnecting");
        await HostileNode.ClosesAsync(waiting, 1008, "Invalid token");
        await _node.AdvanceAsync(TimeSpan.FromSeconds(10));
        await _node.IsUnharmedAsync();
        Assert.False(connected.IsCompleted, "somebody asked for the keys");
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task A_refresh_after_the_end_of_the_token_is_heard_within_the_skew()
    {
        await using var socket = await _node.ClientAsync(Good(life: 10));
        await _node.AdvanceAsync(TimeSpan.FromSeconds(20));
        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Good(life: 600)}}","id":1}""", Cancel);
        Assert.Equal((Now + 600) * 1000, (await HostileNode.ReadAsync(socket, "authenticated")).GetProperty("expires").GetInt64());

        // Beyond the first one's end and its skew: pings come, and the connection stays.
        await _node.AdvanceAsync(TimeSpan.FromSeconds(15));
        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await HostileNode.RoundTripAsync(socket);
        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Good("bob")}}"}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "invalid_token");
        await HostileNode.ReadAsync(socket, "disconnecting");
        await HostileNode.ClosesAsync(socket, 1008, "Invalid token");
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_refresh_with_a_token_that_has_ended_is_expired()
    {
        await using var socket = await _node.ClientAsync(Good());
        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Good(life: -31)}}"}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "token_expired");
        await HostileNode.ReadAsync(socket, "disconnecting");
        await HostileNode.ClosesAsync(socket, 4001, "token expired");
        await _node.IsUnharmedAsync();
    }

    /// <summary>Names of instruments and values of tags; the log has a spec of its own.</summary>
    [Fact]
    public async Task A_token_in_the_query_is_in_no_metric()
    {
        foreach (var token in new[] { Good(), "query-guess" })
        {
            await using var socket = await _node.ConnectAsync("/ws?token=" + token);
            Assert.Equal(101, socket.Status);
            await socket.DisposeAsync();
            Assert.DoesNotContain(_node.Metrics.All.Keys, name => name.Contains(token[..10], StringComparison.Ordinal));
        }

        await _node.IsUnharmedAsync();
    }

    private string Good(string user = "alice", long life = 3600) =>
        TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{user}\""), ("iat", $"{Now + Math.Min(0, life) - 1}"), ("exp", $"{Now + life}")));
}
