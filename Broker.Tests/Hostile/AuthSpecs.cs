using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

public sealed class AuthSpecs(TokenNode shared) : IClassFixture<TokenNode>
{
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    private long Now => _node.Time!.GetUtcNow().ToUnixTimeSeconds();

    [Theory]
    [InlineData("""{"type":"subscribe","topic":"open.t"}""", "auth_required")]
    [InlineData("""{"type":"ping"}""", "auth_required")]
    [InlineData("nonsense", "invalid_json")]
    public async Task The_first_message_must_be_auth(string first, string code)
    {
        await using var socket = await WaitingAsync();
        await socket.SendTextAsync(first, Cancel);
        await HostileNode.ReadErrorAsync(socket, code);
        await ClosedAsync(socket, 1008, "auth required", $"broker.requests.refused {code} = 1");
    }

    [Fact]
    public async Task Who_does_not_authenticate_within_five_seconds_is_closed_and_pings_do_not_help()
    {
        await using var socket = await WaitingAsync();
        for (var i = 0; i < 4; i++)
        {
            await _node.AdvanceAsync(TimeSpan.FromSeconds(1.2));
            await socket.SendFrameAsync(9, [], cancellation: Cancel);
            Assert.Equal(10, (await socket.ReceiveAsync(Cancel)).Opcode);
        }

        await _node.AdvanceAsync(TimeSpan.FromSeconds(0.2));
        await ClosedAsync(socket, 1008, "auth timeout");
    }

    [Fact]
    public async Task A_message_over_16_KiB_before_auth_is_1009_on_its_header()
    {
        await using var socket = await WaitingAsync();
        await socket.SendBytesAsync(TestFrame.Build(1, [], announced: 16 * 1024 + 1, lengthBytes: 2), cancellation: Cancel);
        await ClosedAsync(socket, 1009, "message too big");
    }

    [Fact]
    public async Task What_follows_auth_waits_for_its_answer_and_has_the_limits_of_the_authenticated()
    {
        await using var socket = await _node.DialAsync();
        byte[] auth = TestFrame.Text($$"""{"type":"auth","token":"{{Good()}}"}""");
        byte[] publish = TestFrame.Text($$"""{"type":"publish","topic":"open.t","data":"{{new string('a', 20_000)}}","id":1}""");
        await socket.SendBytesAsync([.. RawWebSocket.UpgradeRequest("a"), .. auth, .. publish, .. publish], cancellation: Cancel);
        await socket.ReadResponseAsync(Cancel);
        foreach (var type in new[] { "welcome", "authenticated", "published", "published" })
        {
            await HostileNode.ReadAsync(socket, type);
        }

        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    public static TheoryData<string, string> Ways => new()
    {
        { "header", "forged" }, { "subprotocol", "forged" }, { "query", "forged" }, { "auth", "forged" },
        { "header", "expired" }, { "subprotocol", "expired" }, { "query", "expired" }, { "auth", "expired" },
        { "header", "good" }, { "subprotocol", "good" }, { "query", "good" }, { "auth", "good" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_token_may_come_by_four_ways(string way, string kind)
    {
        await _node.AdvanceAsync(TimeSpan.FromSeconds(10));
        var token = kind switch
        {
            "good" => Good(),
            "expired" => TokenForge.Hs256(TokenForge.Claims(("exp", $"{Now - 31}"))),
            _ => TokenForge.Hs256(TokenForge.Claims(("exp", $"{Now + 60}")), secret: new string('x', 64)),
        };
        await using var socket = await _node.ConnectAsync(
            way == "query" ? "/ws?token=" + token : "/ws",
            way == "subprotocol" ? ["broker.v1.json", "bearer." + token] : null,
            way == "header" ? [("Authorization", "Bearer " + token)] : []);
        if (way == "header" && kind != "good")
        {
            Assert.Equal(401, socket.Status);
            await socket.DisposeAsync();
            await _node.HasCountedAsync("broker.handshakes.refused token = 1", $"broker.tokens.refused {(kind == "expired" ? kind : "invalid")} = 1");
            return;
        }

        Assert.Equal(101, socket.Status);
        Assert.Equal(way == "subprotocol" ? "broker.v1.json" : null, socket.Subprotocol);
        await HostileNode.ReadAsync(socket, "welcome");
        if (way == "auth")
        {
            await socket.SendTextAsync($$"""{"type":"auth","token":"{{token}}"}""", Cancel);
        }

        if (kind == "good")
        {
            if (way == "auth")
            {
                await HostileNode.ReadAsync(socket, "authenticated");
            }

            await HostileNode.RoundTripAsync(socket);
            await HostileNode.LeaveAsync(socket);
            await _node.HasCountedAsync();
            return;
        }

        var error = kind == "expired" ? "token_expired" : "invalid_token";
        await HostileNode.ReadErrorAsync(socket, error);
        await ClosedAsync(
            socket,
            kind == "expired" ? 4001 : 1008,
            kind == "expired" ? "token expired" : "Invalid token",
            $"broker.requests.refused {error} = 1",
            $"broker.tokens.refused {(kind == "expired" ? kind : "invalid")} = 1");
    }

    [Theory]
    [InlineData("header and query")]
    [InlineData("subprotocol and query")]
    [InlineData("query twice")]
    [InlineData("query twice, one by another spelling")]
    [InlineData("query twice, the first empty")]
    public async Task Two_different_tokens_are_400_and_the_same_twice_is_one(string ways)
    {
        async Task<RawWebSocket> ConnectAsync(string first, string second) => ways switch
        {
            "header and query" => await _node.ConnectAsync("/ws?token=" + first, headers: ("Authorization", "Bearer " + second)),
            "subprotocol and query" => await _node.ConnectAsync("/ws?token=" + first, ["broker.v1.json", "bearer." + second]),
            "query twice" => await _node.ConnectAsync($"/ws?token={first}&x=1&token={second}"),
            "query twice, one by another spelling" => await _node.ConnectAsync($"/ws?tok%65n={first}&token={second}"),
            _ => await _node.ConnectAsync($"/ws?token={(first == second ? first : "")}&token={second}"),
        };
        await using var two = await ConnectAsync(Good(), Good("bob"));
        Assert.Equal(400, two.Status);
        await two.DisposeAsync();
        await using var one = await ConnectAsync(Good(), Good());
        Assert.Equal(101, one.Status);
        await HostileNode.LeaveAsync(one);
        await _node.HasCountedAsync("broker.handshakes.refused token = 1");
    }

    [Fact]
    public async Task A_refresh_is_for_the_same_user_only()
    {
        await using var socket = await _node.ClientAsync(Good());
        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Good(life: 7200)}}","id":1}""", Cancel);
        Assert.Equal((Now + 7200) * 1000, (await HostileNode.ReadAsync(socket, "authenticated")).GetProperty("expires").GetInt64());
        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Good("bob")}}"}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "invalid_token");
        await ClosedAsync(socket, 1008, "Invalid token", "broker.requests.refused invalid_token = 1", "broker.tokens.refused invalid = 1");
    }

    [Fact]
    public async Task A_connection_ends_with_its_token_and_gets_nothing_after()
    {
        await using var socket = await _node.ClientAsync(Good(life: 10));
        await socket.SendTextAsync("""{"type":"subscribe","topic":"canary"}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");
        await _node.AdvanceAsync(TimeSpan.FromSeconds(24));
        await HostileNode.ReadAsync(socket, "message");
        await HostileNode.RoundTripAsync(socket);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(15));
        await _node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await socket.ReceiveUntilAsync(static frame => frame.Text.Contains("disconnecting", StringComparison.Ordinal), Cancel);
        await HostileNode.ClosesAsync(socket, 4001, "token expired");
        await _node.HasCountedAsync("broker.connections.closed 4001 token expired = 1");
    }

    [Fact]
    public async Task The_33rd_connection_of_a_user_is_one_too_many_until_one_goes()
    {
        var sockets = new List<RawWebSocket>();
        for (var i = 0; i < 32; i++)
        {
            sockets.Add(await _node.ClientAsync(Good("many")));
        }

        await using var last = await _node.ClientAsync(Good("many"));
        await HostileNode.ReadErrorAsync(last, "limit_exceeded");
        await HostileNode.ReadAsync(last, "disconnecting");
        await HostileNode.ClosesAsync(last, 1008, "too many connections");
        sockets[0].Abort();
        await Eventually.IsTrueAsync(() => _node.ConnectionActors() == 2 + 31, "a place is free");
        await using var next = await _node.ClientAsync(Good("many"));
        await HostileNode.RoundTripAsync(next);
        foreach (var socket in sockets.Append(next))
        {
            await socket.DisposeAsync();
        }

        await _node.HasCountedAsync("broker.connections.closed 1008 too many connections = 1", "broker.requests.refused limit_exceeded = 1");
    }

    [Fact]
    public async Task Who_guesses_tokens_is_refused_for_a_minute_and_shuts_out_nobody()
    {
        await MinuteAsync();
        for (var i = 0; i < 10; i++)
        {
            await using var guess = await _node.ConnectAsync(headers: ("Authorization", "Bearer guess"));
            Assert.Equal(401, guess.Status);
        }

        foreach (var (path, protocols, header) in new (string, string[]?, string?)[] { ("/ws", null, "guess"), ("/ws", ["broker.v1.json", "bearer.guess"], null), ("/ws?token=guess", null, null) })
        {
            await using var refused = await _node.ConnectAsync(path, protocols, header is null ? [] : [("Authorization", "Bearer " + header)]);
            Assert.Equal((429, "60"), (refused.Status, refused.Header("Retry-After")));
        }

        await using var good = await _node.ClientAsync(Good());
        await good.SendTextAsync($$"""{"type":"subscribe","topic":"private.x","token":"{{Grant("private.x")}}"}""", Cancel);
        await HostileNode.ReadAsync(good, "subscribed");
        await HostileNode.LeaveAsync(good);
        await using var later = await WaitingAsync();
        await later.SendTextAsync($$"""{"type":"auth","token":"{{Good()}}"}""", Cancel);
        await HostileNode.ReadAsync(later, "authenticated");
        await HostileNode.LeaveAsync(later);
        await using var guessing = await WaitingAsync();
        await guessing.SendTextAsync("""{"type":"auth","token":"guess"}""", Cancel);
        await HostileNode.ReadErrorAsync(guessing, "invalid_token");
        await HostileNode.ReadAsync(guessing, "disconnecting");
        await HostileNode.ClosesAsync(guessing, 1008, "Invalid token");
        await MinuteAsync();
        await using var heard = await _node.ConnectAsync(headers: ("Authorization", "Bearer guess"));
        Assert.Equal(401, heard.Status);
        await heard.DisposeAsync();
        await _node.HasCountedAsync(
            "broker.connections.closed 1008 Invalid token = 1",
            "broker.handshakes.refused throttled = 3",
            "broker.handshakes.refused token = 11",
            "broker.requests.refused invalid_token = 1",
            "broker.tokens.refused invalid = 11",
            "broker.tokens.refused throttled = 4");
    }

    [Fact]
    public async Task Deny_wins_and_a_granting_token_adds_one_topic()
    {
        await using var socket = await _node.ClientAsync(Good());
        foreach (var topic in new[] { "open.denied", "private.x" })
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","topic":"{{topic}}"}""", Cancel);
            await HostileNode.ReadErrorAsync(socket, "forbidden");
        }

        await socket.SendTextAsync($$"""{"type":"subscribe","topic":"private.x","token":"{{Grant("private.x", "bob")}}"}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "invalid_token");
        await socket.SendTextAsync($$"""{"type":"subscribe","topic":"open.denied","token":"{{Grant("open.denied")}}"}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "forbidden");
        await socket.SendTextAsync($$"""{"type":"subscribe","topic":"private.x","token":"{{Grant("private.x")}}"}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");
        await socket.SendTextAsync("""{"type":"publish","topic":"private.x","data":1}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "forbidden");
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync("broker.requests.refused forbidden = 4", "broker.requests.refused invalid_token = 1", "broker.tokens.refused invalid = 1");
    }

    private string Good(string user = "alice", long life = 3600) =>
        TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{user}\""), ("iat", $"{Now}"), ("exp", $"{Now + life}")));

    private string Grant(string topic, string user = "alice") =>
        TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{user}\""), ("iat", $"{Now}"), ("exp", $"{Now + 3600}"), ("broker", $$"""{"subscribe":["{{topic}}"]}""")));

    /// <summary>The guesses before are forgotten.</summary>
    private async Task MinuteAsync()
    {
        for (var i = 0; i < 4; i++)
        {
            await _node.AdvanceAsync(TimeSpan.FromSeconds(15));
        }
    }

    private async Task<RawWebSocket> WaitingAsync()
    {
        var socket = await _node.ConnectAsync();
        Assert.Equal("required", (await HostileNode.ReadAsync(socket, "welcome")).GetProperty("auth").GetString());
        return socket;
    }

    private async Task ClosedAsync(RawWebSocket socket, int code, string reason, params string[] counts)
    {
        Assert.Equal(code, (await HostileNode.ReadAsync(socket, "disconnecting")).GetProperty("code").GetInt32());
        await HostileNode.ClosesAsync(socket, code, reason);
        await socket.DisposeAsync();
        await _node.HasCountedAsync([$"broker.connections.closed {code} {reason} = 1", .. counts]);
    }
}
