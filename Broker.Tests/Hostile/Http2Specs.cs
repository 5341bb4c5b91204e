using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>HTTP/2 as it should not be, and much of it.</summary>
public sealed class Http2Specs(Http2Node shared) : IClassFixture<Http2Node>
{
    // RFC 9113 section 7, as the answers of RawHttp2.
    private const int ProtocolError = -1;
    private const int RefusedStream = -7;
    private const int Cancelled = -8;

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string, (string Name, string Value)[], int> Requests => new()
    {
        { "a request as it should be", RawHttp2.WebSocket(), 200 },
        { "the protocol in capitals", Changed(":protocol", "WebSocket"), 200 },
        { "another path", Changed(":path", "/other"), 404 },
        { "GET", [(":method", "GET"), .. RawHttp2.WebSocket()[2..]], 405 },
        { "an unknown protocol", Changed(":protocol", "connect-udp"), 501 },
        { "no version", Changed("sec-websocket-version", null), 400 },
        { "an old version", Changed("sec-websocket-version", "8"), 400 },
        { "only unknown subprotocols", RawHttp2.WebSocket("/ws", ("sec-websocket-protocol", "soap")), 400 },
        { "a length", RawHttp2.WebSocket("/ws", ("content-length", "5")), 400 },
        { "a bad token", RawHttp2.WebSocket("/ws", ("authorization", "Bearer nonsense")), 401 },
        { "two tokens", RawHttp2.WebSocket("/ws", ("authorization", "Bearer a"), ("authorization", "Bearer b")), 400 },
        { "a batch of nothing", Changed(":path", "/ws?batch=x"), 400 },
        { "65 fields", RawHttp2.WebSocket("/ws", [.. Enumerable.Repeat(("x", "y"), 65)]), 431 },
        { "20 KiB of fields", RawHttp2.WebSocket("/ws", [.. Enumerable.Repeat(("x", new string('y', 1024)), 20)]), 431 },
        { "no :protocol", Changed(":protocol", null), ProtocolError },
        { "no :path", Changed(":path", null), ProtocolError },
        { "no :scheme", Changed(":scheme", null), ProtocolError },
        { "another :scheme", Changed(":scheme", "http"), ProtocolError },
        { "a :protocol of GET", Changed(":method", "GET"), ProtocolError },
        { "an :authority that is none", Changed(":authority", "a b"), ProtocolError },
        { "a long path", Changed(":path", "/ws?" + new string('a', 9000)), ProtocolError },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_has_one_answer_and_the_connection_goes_on(string what, (string Name, string Value)[] fields, int expected)
    {
        await using (var client = await shared.DialAsync())
        {
            await client.OpenAsync(1, fields, cancellation: Cancel);
            Assert.Equal((what, expected), (what, await client.AnswerAsync(1, Cancel)));
            await client.OpenAsync(3, RawHttp2.WebSocket(), cancellation: Cancel);
            Assert.Equal(200, await client.AnswerAsync(3, Cancel));
        }

        await _node.IsUnharmedAsync();
    }

    public static TheoryData<string, (string Name, string Value)[]> Malformed => new()
    {
        { "two :protocol", [(":protocol", "websocket"), .. RawHttp2.WebSocket()] },
        { "an unknown pseudo-header", [(":made-up", "x"), .. RawHttp2.WebSocket()] },
        { "a pseudo-header behind the others", [.. RawHttp2.WebSocket(), (":protocol", "websocket")] },
        { "a name in capitals", RawHttp2.WebSocket("/ws", ("Sec-WebSocket-Protocol", "broker.v1.json")) },
        { "a connection's own header", RawHttp2.WebSocket("/ws", ("connection", "upgrade")) },
        { "a line break in a value", RawHttp2.WebSocket("/ws", ("x", "a\r\nb: c")) },
        { "40 KiB of fields", RawHttp2.WebSocket("/ws", [.. Enumerable.Repeat(("x", new string('y', 1000)), 40)]) },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_head_that_breaks_the_rules_is_no_request(string what, (string Name, string Value)[] fields)
    {
        Assert.NotEmpty(what);
        await using (var client = await shared.DialAsync())
        {
            await client.OpenAsync(1, fields, cancellation: Cancel);
            Assert.InRange(await client.AnswerAsync(1, Cancel), int.MinValue, -1);
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Streams_beyond_the_limit_are_refused_and_those_within_it_live()
    {
        await using (var client = await shared.DialAsync())
        {
            Assert.Equal(100u, client.ServerSettings[3]);
            for (var stream = 1; stream < 200; stream += 2)
            {
                await client.OpenAsync(stream, RawHttp2.WebSocket(), cancellation: Cancel);
                Assert.Equal(200, await client.AnswerAsync(stream, Cancel));
            }

            await Eventually.IsTrueAsync(() => _node.Metrics["broker.connections.streams"] == 100, "a hundred streams are counted");
            await client.OpenAsync(201, RawHttp2.WebSocket(), cancellation: Cancel);
            Assert.Equal(RefusedStream, await client.AnswerAsync(201, Cancel));
            await client.SendAsync(RawHttp2.Data, 0, 1, TestFrame.Build(9, "hi"u8.ToArray()), Cancel);
            Assert.NotNull(await client.ReadAsync(static frame => frame is { Type: RawHttp2.Data, Stream: 1, Payload: [0x8A, 2, (byte)'h', (byte)'i'] }, Cancel));
        }

        await _node.IsUnharmedAsync();
        Assert.Equal(0, _node.Metrics["broker.connections.streams"]);
    }

    [Fact]
    public async Task Streams_that_are_reset_as_soon_as_they_are_opened_harm_nobody()
    {
        async Task Attack()
        {
            await using var client = await shared.DialAsync();
            using var bytes = new MemoryStream();
            for (var stream = 1; stream < 4000; stream += 2)
            {
                bytes.Write(RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, stream, RawHttp2.Block(RawHttp2.WebSocket())));
                bytes.Write(RawHttp2.Frame(RawHttp2.Reset, 0, stream, RawHttp2.Number(-Cancelled)));
            }

            await HostileSendAsync(client, bytes.ToArray());
            client.Abort();
        }

        await _node.Canary.BesideAsync(Attack());
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("a header")]
    [InlineData("half a message")]
    [InlineData("a message")]
    [InlineData("a close")]
    public async Task Stream_that_is_reset_in_the_middle_leaves_nothing(string after)
    {
        var sent = after switch
        {
            "a header" => TestFrame.Text("hello")[..1],
            "half a message" => TestFrame.Text("hello", fin: false),
            "a message" => TestFrame.Text("""{"type":"subscribe","topic":"reset"}"""),
            _ => TestFrame.Close(1000),
        };
        await using (var client = await shared.DialAsync())
        {
            for (var stream = 1; stream < 100; stream += 2)
            {
                await client.OpenAsync(stream, RawHttp2.WebSocket(), cancellation: Cancel);
                Assert.Equal(200, await client.AnswerAsync(stream, Cancel));
                await client.SendAsync(RawHttp2.Data, 0, stream, sent, Cancel);
                await client.SendAsync(RawHttp2.Reset, 0, stream, RawHttp2.Number(-Cancelled), Cancel);
            }

            await Eventually.IsTrueAsync(() => _node.Admission.Connections == 3, () => $"only the connection itself is left: {_node}", TimeSpan.FromSeconds(10));
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_client_that_sends_beyond_the_window_is_cut()
    {
        await using (var client = await shared.DialAsync())
        {
            await client.OpenAsync(1, RawHttp2.WebSocket(), cancellation: Cancel);
            Assert.Equal(200, await client.AnswerAsync(1, Cancel));

            // What fits is a message of the client's that goes on for ever, so that nobody has to be slow.
            var part = RawHttp2.Frame(RawHttp2.Data, 0, 1, new byte[16_384]);
            await HostileSendAsync(client, [.. Enumerable.Repeat(part, 40).SelectMany(static bytes => bytes)]);
            while (await client.ReadAsync(static _ => true, Cancel) is { } frame && frame.Type is not (RawHttp2.GoAway or RawHttp2.Reset))
            {
            }
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_stream_that_is_not_read_is_reset_and_the_others_do_not_wait_for_it()
    {
        using (var http = shared.OneConnection())
        {
            await using var stalled = await shared.ClientAsync(http);
            await using var other = await shared.ClientAsync(http);
            Assert.Equal(2 + 2, _node.Admission.Connections);
            await stalled.SendTextAsync("""{"type":"subscribe","topic":"stalled.stream"}""", Cancel);
            await HostileNode.ReadAsync(stalled, "subscribed");

            // As much as the client takes unread, the node's buffer, the lag, and some.
            const string Slow = "broker.connections.closed 1013 slow consumer";
            var before = _node.Metrics[Slow];
            for (var i = 0; _node.Metrics[Slow] == before; i++)
            {
                Assert.InRange(i, 0, 2000);
                await _node.Api.PublishAsync("stalled.stream", new string('a', 20_000), cancellationToken: Cancel);
                if (i % 4 == 0)
                {
                    await HostileNode.RoundTripAsync(other);
                }
            }

            await Eventually.IsTrueAsync(() => _node.Metrics["broker.connections.streams"] == 1, "the stalled stream is gone");
            await HostileNode.RoundTripAsync(other);
            Assert.Equal(1000, (await other.CloseAsync(cancellation: Cancel)).CloseCode);
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Many_clients_of_one_connection_hear_each_other()
    {
        using (var http = shared.OneConnection())
        {
            List<RawWebSocket> sockets = [];
            for (var i = 0; i < 50; i++)
            {
                var socket = await shared.ClientAsync(http);
                sockets.Add(socket);
                await socket.SendTextAsync("""{"type":"subscribe","topic":"streams"}""", Cancel);
                await HostileNode.ReadAsync(socket, "subscribed");
            }

            Assert.Equal(50 + 2, _node.Admission.Connections);
            await sockets[0].SendTextAsync("""{"type":"publish","topic":"streams","data":"all"}""", Cancel);
            foreach (var socket in sockets)
            {
                Assert.Equal("all", (await HostileNode.ReadAsync(socket, "message")).GetProperty("data").GetString());
                await HostileNode.LeaveAsync(socket);
            }
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_stream_whose_client_answers_no_ping_is_reset_and_its_connection_lives()
    {
        await using var quick = await Http2Node.StartAsync("broker.heartbeat { interval = 1s\n timeout = 1s }\n");
        await using (var client = await quick.DialAsync())
        {
            await client.OpenAsync(1, RawHttp2.WebSocket(), cancellation: Cancel);
            Assert.Equal(200, await client.AnswerAsync(1, Cancel));
            Assert.Equal(-Cancelled, (await client.ReadAsync(static frame => frame.Type == RawHttp2.Reset, Cancel))!.ErrorCode);
            await client.OpenAsync(3, RawHttp2.WebSocket(), cancellation: Cancel);
            Assert.Equal(200, await client.AnswerAsync(3, Cancel));
        }

        await quick.Node.HasCountedAsync("broker.connections.closed 1006 heartbeat = 1");
    }

    [Fact]
    public async Task Drain_closes_each_stream_with_1012()
    {
        await using var leaving = await Http2Node.StartAsync("");
        using var http = leaving.OneConnection();
        await using var first = await leaving.ClientAsync(http);
        await using var second = await leaving.ClientAsync(http);
        var stopped = leaving.Node.StopAsync();
        foreach (var socket in new[] { first, second })
        {
            var close = await socket.ReceiveCloseAsync(Cancel);
            Assert.Equal(1012, close.CloseCode);
            Assert.True((await socket.ReceiveAsync(Cancel)).IsEnd);
        }

        await stopped.WaitAsync(Cancel);
    }

    private static (string, string)[] Changed(string name, string? value) =>
        [.. RawHttp2.WebSocket().Where(field => field.Name != name || value is not null).Select(field => field.Name == name ? (name, value!) : field)];

    private static async Task HostileSendAsync(RawHttp2 client, byte[] bytes)
    {
        try
        {
            await client.WriteAsync(bytes, Cancel);
        }
        catch (IOException)
        {
            // Cut on the way: what was said before is there to be read.
        }
    }
}
