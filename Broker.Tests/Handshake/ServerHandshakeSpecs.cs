using Broker.Protocol.Deflate;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;

namespace Broker.Tests.Handshake;

public sealed class ServerHandshakeSpecs
{
    private const string Json = "broker.v1.json";
    private const string MessagePack = "broker.v1.msgpack";
    private static readonly string[] Known = [Json, MessagePack];

    private static readonly HttpHeader[] Valid =
    [
        new("Host", "a"),
        new("Upgrade", "websocket"),
        new("Connection", "Upgrade"),
        new("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        new("Sec-WebSocket-Version", "13"),
    ];

    /// <summary>The valid request with one header replaced by the given lines; null: by none.</summary>
    private static ServerHandshakeResult With(string name, params string?[] values) =>
        Evaluate([.. Valid.Where(header => header.Name != name), .. values.OfType<string>().Select(value => new HttpHeader(name, value))]);

    private static ServerHandshakeResult Evaluate(IReadOnlyList<HttpHeader> headers, string method = "GET", int minor = 1) =>
        ServerHandshake.Evaluate(new RequestHead(method, "/ws", minor, headers), Known);

    private static ServerHandshakeResult Offer(params string[] lines) => With("Sec-WebSocket-Protocol", lines);

    private static string? Header(ServerHandshakeResult result, string name) =>
        result.Headers.Where(header => header.Name == name).Select(header => header.Value).SingleOrDefault();

    private static void AssertRefused(int status, ServerHandshakeResult result)
    {
        Assert.False(result.Accepted);
        Assert.Equal(status, result.Status);
        Assert.NotEmpty(result.Reason);
        Assert.True(System.Text.Ascii.IsValid(result.Reason));
        Assert.Contains("close", Header(result, "Connection"), StringComparison.Ordinal);
        Assert.Null(Header(result, "Sec-WebSocket-Accept"));
        Assert.Null(result.Subprotocol);
        Assert.Null(result.BearerToken);
        if (status == 426)
        {
            Assert.Equal("websocket", Header(result, "Upgrade"));
            Assert.StartsWith("Upgrade", Header(result, "Connection"), StringComparison.Ordinal);
            Assert.Equal("13", Header(result, "Sec-WebSocket-Version"));
        }
    }

    private static ServerHandshakeResult Connect(string? protocol, string method = "CONNECT", params HttpHeader[] headers) =>
        ServerHandshake.Evaluate(new RequestHead(method, "/ws", 0, headers) { VersionMajor = 2, Protocol = protocol }, Known, new DeflateOptions());

    [Fact]
    public void Sample_of_RFC_8441_section_5_1_is_accepted_without_a_key()
    {
        var result = Connect("websocket", headers: [new("Sec-WebSocket-Version", "13"), new("Sec-WebSocket-Protocol", Json), new("Sec-WebSocket-Extensions", "permessage-deflate"), new("Origin", "http://www.example.com")]);
        Assert.True(result.Accepted);
        Assert.Equal((200, Json), (result.Status, result.Subprotocol));
        Assert.NotNull(result.Deflate);
        Assert.Equal(["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"], result.Headers.Select(static header => header.Name));
    }

    [Theory]
    [InlineData("websocket", "GET", "13", null, 405)]
    [InlineData(null, "CONNECT", "13", null, 501)]
    [InlineData("connect-udp", "CONNECT", "13", null, 501)]
    [InlineData("websocket", "CONNECT", null, null, 400)]
    [InlineData("websocket", "CONNECT", "8", null, 400)]
    [InlineData("websocket", "CONNECT", "13", "1", 400)]
    [InlineData("websocket", "CONNECT", "13", "0", 200)]
    public void Extended_CONNECT_is_a_WebSockets_or_refused(string? protocol, string method, string? version, string? length, int status)
    {
        HttpHeader[] headers = [.. new[] { ("Sec-WebSocket-Version", version), ("Content-Length", length) }.Where(static line => line.Item2 is not null).Select(static line => new HttpHeader(line.Item1, line.Item2!))];
        var result = Connect(protocol, method, headers);
        Assert.Equal((status, status == 200), (result.Status, result.Accepted));
        Assert.DoesNotContain(result.Headers, static header => header.Name is "Upgrade" or "Connection");
        Assert.Equal(status == 405 ? "CONNECT" : null, Header(result, "Allow"));
        Assert.Equal(status == 400 && length is null ? "13" : null, Header(result, "Sec-WebSocket-Version"));
    }

    [Fact]
    public void Sample_of_RFC_6455_section_1_3_is_accepted()
    {
        var result = Evaluate(Valid);
        Assert.True(result.Accepted);
        Assert.Equal(101, result.Status);
        Assert.Equal("", result.Reason);
        Assert.Equal(
            [new("Upgrade", "websocket"), new("Connection", "Upgrade"), new("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")],
            result.Headers);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("HEAD")]
    [InlineData("get")]
    public void Method_but_GET_is_405(string method)
    {
        var result = Evaluate(Valid, method);
        AssertRefused(405, result);
        Assert.Equal("GET", Header(result, "Allow"));
    }

    [Fact]
    public void HTTP_1_0_is_400() => AssertRefused(400, Evaluate(Valid, minor: 0));

    [Theory]
    [InlineData("WebSocket")]
    [InlineData("WEBSOCKET")]
    [InlineData(" websocket\t,")]
    public void Upgrade_is_read_without_case(string value) => Assert.True(With("Upgrade", value).Accepted);

    [Theory]
    [InlineData("keep-alive, UPGRADE")]
    [InlineData(",Upgrade\t, keep-alive")]
    public void Connection_is_a_list_without_case(string value) => Assert.True(With("Connection", value).Accepted);

    [Fact]
    public void Connection_may_be_split_over_lines() => Assert.True(With("Connection", "keep-alive", "upgrade").Accepted);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("foo")]
    [InlineData("h2c")]
    [InlineData("h2c, websocket")]
    [InlineData("websocket, websocket")]
    [InlineData("websocket/13")]
    public void Upgrade_to_anything_else_is_426(string? value) => AssertRefused(426, With("Upgrade", value));

    [Fact]
    public void Two_Upgrade_lines_are_426() => AssertRefused(426, With("Upgrade", "websocket", "websocket"));

    [Theory]
    [InlineData(null)]
    [InlineData("close")]
    [InlineData("upgraded")]
    [InlineData("keep-alive")]
    public void Connection_without_upgrade_is_426(string? value) => AssertRefused(426, With("Connection", value));

    [Theory]
    [InlineData(null)]
    [InlineData("8")]
    [InlineData("12")]
    [InlineData("14")]
    [InlineData("13, 8")]
    [InlineData("013")]
    [InlineData("+13")]
    [InlineData("")]
    public void Version_but_13_is_426(string? value) => AssertRefused(426, With("Sec-WebSocket-Version", value));

    [Fact]
    public void Two_version_lines_are_426() => AssertRefused(426, With("Sec-WebSocket-Version", "13", "13"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAA")] // 15 bytes
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAA=")] // 17 bytes
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAA")] // 18 bytes
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA")] // no padding
    [InlineData("!!!!!!!!!!!!!!!!!!!!!!==")]
    [InlineData("AAAAAAAAAAA AAAAAAAAAA==")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA==, AAAAAAAAAAAAAAAAAAAAAA==")]
    public void Key_that_is_not_16_bytes_in_base64_is_400(string? value) => AssertRefused(400, With("Sec-WebSocket-Key", value));

    [Fact]
    public void Two_key_lines_are_400() => AssertRefused(400, With("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="));

    [Theory]
    [InlineData("Content-Length", "5")]
    [InlineData("Content-Length", "-0")]
    [InlineData("Content-Length", "")]
    [InlineData("Transfer-Encoding", "chunked")]
    public void Announced_body_is_400(string name, string value) => AssertRefused(400, With(name, value));

    [Fact]
    public void Content_Length_0_is_no_body() => Assert.True(With("Content-Length", "0").Accepted);

    [Fact]
    public void Extensions_are_not_answered() => Assert.Null(Header(With("Sec-WebSocket-Extensions", "permessage-deflate"), "Sec-WebSocket-Extensions"));

    [Theory]
    [InlineData(Json, Json)]
    [InlineData(MessagePack, MessagePack)]
    [InlineData(MessagePack, MessagePack + ", " + Json)]
    [InlineData(Json, "x,\t" + Json + "," + MessagePack)]
    public void First_known_subprotocol_of_the_client_is_chosen(string chosen, string line)
    {
        var result = Offer(line);
        Assert.True(result.Accepted);
        Assert.Equal(chosen, result.Subprotocol);
        Assert.Equal(chosen, Header(result, "Sec-WebSocket-Protocol"));
        Assert.Null(result.BearerToken);
    }

    [Fact]
    public void Subprotocol_header_may_repeat() => Assert.Equal(MessagePack, Offer("x", MessagePack, Json).Subprotocol);

    [Fact]
    public void No_offer_is_accepted_with_none()
    {
        var result = Evaluate(Valid);
        Assert.Null(result.Subprotocol);
        Assert.Null(Header(result, "Sec-WebSocket-Protocol"));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("broker.v2.json, mqtt")]
    [InlineData("BROKER.V1.JSON")]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("broker.v1.json, a b")]
    [InlineData("broker.v1.json, \"x\"")]
    [InlineData("broker.v1.json, broker.v1.json")]
    [InlineData("broker.v1.json, x, x")]
    [InlineData("bearer.abc")]
    [InlineData("bearer.abc, x")]
    [InlineData("broker.v1.json, bearer.a, bearer.b")]
    [InlineData("broker.v1.json, bearer.a, bearer.a")]
    public void Malformed_unknown_or_tokenless_offer_is_400(string line) => AssertRefused(400, Offer(line));

    [Fact]
    public void Duplicates_over_lines_are_400() => AssertRefused(400, Offer(Json, Json));

    [Theory]
    [InlineData("broker.v1.json, bearer.eyJ.a-b_c.d", "eyJ.a-b_c.d")]
    [InlineData("bearer.x, broker.v1.json", "x")]
    [InlineData("bearer., broker.v1.json", "")]
    public void Bearer_token_is_read_and_never_echoed(string line, string token)
    {
        var result = Offer(line);
        Assert.True(result.Accepted);
        Assert.Equal(token, result.BearerToken);
        Assert.Equal(Json, Header(result, "Sec-WebSocket-Protocol"));
        Assert.DoesNotContain(result.Headers, header => header.Value.Contains("bearer", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("permessage-deflate; client_max_window_bits", "permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; server_max_window_bits=10", null)]
    [InlineData("x-webkit-deflate-frame", null)]
    public void Extension_offer_is_answered_where_deflate_is_on_and_the_offer_can_be_kept(string offer, string? answer)
    {
        var head = new RequestHead("GET", "/ws", 1, [.. Valid, new("Sec-WebSocket-Extensions", offer)]);
        var on = ServerHandshake.Evaluate(head, Known, new DeflateOptions { ServerNoContextTakeover = true });
        var off = ServerHandshake.Evaluate(head, Known);

        Assert.True(on.Accepted);
        Assert.Equal(answer, Header(on, "Sec-WebSocket-Extensions"));
        Assert.Equal(answer is not null, on.Deflate is { ServerNoContextTakeover: true });
        Assert.True(off.Accepted);
        Assert.Null(Header(off, "Sec-WebSocket-Extensions"));
        Assert.Null(off.Deflate);
    }
}
