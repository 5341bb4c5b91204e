using System.Net.WebSockets;
using System.Text;
using Broker.Tests.Contracts;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Clients of different formats on one node, through whole connections.</summary>
public sealed class FormatSpecs(FormatNode shared) : IClassFixture<FormatNode>
{
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task What_json_publishes_a_messagepack_subscriber_reads_and_back()
    {
        await using var json = await ConnectAsync(FormatSample.Json);
        await using var binary = await ConnectAsync(FormatSample.MessagePack);
        await json.SubscribeAsync("both", Cancel);
        await binary.SubscribeAsync("both", Cancel);

        await json.SendAsync("""{"type":"publish","topic":"both","data":{"a":[1,-2.5,true,null,"\u00e9\n"],"big":9007199254740993}}""", Cancel);
        await BothReadAsync("""{"type":"message","topic":"both","data":{"a":[1,-2.5,true,null,"\u00e9\n"],"big":9007199254740993}}""", """{"type":"message","topic":"both","data":{"a":[1,-2.5,true,null,"é\n"],"big":9007199254740993}}""");
        await binary.SendAsync("""{"type":"publish","topic":"both","data":[0.1,{"":"x"}]}""", Cancel);
        await BothReadAsync("""{"type":"message","topic":"both","data":[0.1,{"":"x"}]}""", """{"type":"message","topic":"both","data":[0.1,{"":"x"}]}""");
        await binary.PublishAsync("both", [0xc4, 3, 1, 2, 3], Cancel);
        await BothReadAsync("""{"type":"message","topic":"both","data":"AQID","encoding":"base64"}""", """{"type":"message","topic":"both","data":{"$bytes":"010203"}}""");
        await binary.PublishAsync("both", [0x91, 0xc4, 3, 1, 2, 3], Cancel);
        await BothReadAsync("""{"type":"message","topic":"both","data":["AQID"]}""", """{"type":"message","topic":"both","data":[{"$bytes":"010203"}]}""");
        await json.SendAsync("""{"type":"publish","topic":"both","data":[1e400,-1e400]}""", Cancel);
        await BothReadAsync(
            """{"type":"message","topic":"both","data":[1e400,-1e400]}""",
            """{"type":"message","topic":"both","data":[1.7976931348623157E+308,-1.7976931348623157E+308]}""");

        async Task BothReadAsync(string asJson, string asBinary)
        {
            Assert.Equal(asJson, await json.ReceiveAsync(Cancel));
            Assert.Equal(asBinary, await binary.ReceiveAsync(Cancel));
        }
    }

    [Fact]
    public async Task Compressed_pushes_of_both_formats_are_what_the_others_read()
    {
        FormatClient[] clients =
        [
            await ConnectAsync(FormatSample.Json), await ConnectAsync(FormatSample.Json, deflate: true),
            await ConnectAsync(FormatSample.MessagePack), await ConnectAsync(FormatSample.MessagePack, deflate: true),
        ];
        foreach (var client in clients)
        {
            await client.SubscribeAsync("compressed", Cancel);
        }

        foreach (var length in new[] { 10, 5_000, 30_000 })
        {
            foreach (var publisher in clients)
            {
                var data = $$"""{"text":"{{new string('x', length)}}"}""";
                await publisher.SendAsync($$"""{"type":"publish","topic":"compressed","data":{{data}},"echo":false}""", Cancel);
                foreach (var other in clients.Where(other => other != publisher))
                {
                    Assert.Equal($$"""{"type":"message","topic":"compressed","data":{{data}}}""", await other.ReceiveAsync(Cancel));
                }
            }
        }

        foreach (var client in clients)
        {
            Assert.Equal("""{"type":"unsubscribed","id":1,"topic":"compressed"}""", await client.AskAsync("""{"type":"unsubscribe","topic":"compressed","id":1}""", Cancel));
            await client.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("broker.v1.json", 1)]
    [InlineData("broker.v1.msgpack", 2)]
    public async Task Pushes_are_compressed_and_replies_never(string subprotocol, int opcode)
    {
        var format = opcode == 1 ? FormatSample.Json : FormatSample.MessagePack;
        await using var socket = await _node.ConnectAsync(subprotocols: [subprotocol], headers: ("Sec-WebSocket-Extensions", "permessage-deflate"));
        Assert.Contains("server_no_context_takeover", socket.Header("Sec-WebSocket-Extensions"), StringComparison.Ordinal);
        Assert.Equal((opcode, 0), await ReadAsync());
        var id = new string('i', 64);
        await socket.SendFrameAsync(opcode, format.Encode($$"""{"type":"subscribe","topic":"{{new string('t', 255)}}","id":"{{id}}"}"""), cancellation: Cancel);
        Assert.Equal((opcode, 0), await ReadAsync());
        await socket.SendFrameAsync(opcode, format.Encode($$"""{"type":"publish","topic":"{{new string('t', 255)}}","id":"{{id}}","data":"{{new string('x', 5000)}}"}"""), cancellation: Cancel);
        Assert.Equal((opcode, 0), await ReadAsync());
        Assert.Equal((opcode, 4), await ReadAsync());

        async Task<(int Opcode, int Rsv)> ReadAsync()
        {
            var message = await socket.ReceiveUntilAsync(static frame => frame.Opcode is 1 or 2, Cancel);
            return (message.Opcode, message.Rsv);
        }
    }

    /// <summary>What is said to one client alone may hold its secrets, and beside them what somebody else chose: its length must tell nothing.</summary>
    [Theory]
    [InlineData("broker.v1.json", 1)]
    [InlineData("broker.v1.msgpack", 2)]
    public async Task Long_welcomes_and_the_info_of_tokens_are_never_compressed(string subprotocol, int opcode)
    {
        const int Threshold = 1024;
        await using var node = await HostileNode.StartAsync($"{FormatNode.Config}\nbroker.greeting = \"{new string('g', 2000)}\"\n");
        var format = opcode == 1 ? FormatSample.Json : FormatSample.MessagePack;
        var token = TokenForge.Hs256($$$"""
            {"sub":"bob","exp":{{{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3600}}},"broker":{"subscribe":[">"],"publish":[">"],"info":{"a":"{{{new string('i', 1000)}}}"} } }
            """);
        await using var socket = await node.ConnectAsync(subprotocols: [subprotocol], headers: ("Sec-WebSocket-Extensions", "permessage-deflate"));
        await IsPlainAsync("welcome");
        await AskAsync($$"""{"type":"auth","token":"{{token}}","id":1}""");
        await IsPlainAsync("authenticated");
        await AskAsync("""{"type":"subscribe","topic":"t"}""");
        await socket.ReceiveUntilAsync(static frame => frame.Opcode is 1 or 2, Cancel);

        // The same letters for everybody are.
        await AskAsync($$"""{"type":"publish","topic":"t","data":"{{new string('i', 1000)}}"}""");
        Assert.Equal(4, (await socket.ReceiveUntilAsync(static frame => frame.Opcode is 1 or 2, Cancel)).Rsv);
        await HostileNode.LeaveAsync(socket);
        await node.HasCountedAsync();

        Task AskAsync(string json) => socket.SendFrameAsync(opcode, format.Encode(json), cancellation: Cancel);

        async Task IsPlainAsync(string type)
        {
            var message = await socket.ReceiveUntilAsync(static frame => frame.Opcode is 1 or 2, Cancel);
            Assert.Equal((opcode, 0), (message.Opcode, message.Rsv));
            Assert.InRange(message.Payload.Length, Threshold, int.MaxValue);
            Assert.StartsWith($"{{\"type\":\"{type}\"", format.Show(message.Payload), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_info_of_a_token_is_in_the_format_of_who_reads_it()
    {
        const string Info = """{"name":"Bob","n":[1.5,null]}""";
        var token = TokenForge.Hs256($$$"""
            {"sub":"bob","exp":{{{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3600}}},"broker":{"subscribe":[">"],"publish":[">"],"info":{{{Info}}}}}
            """);
        await using var json = await ConnectAsync(FormatSample.Json);
        await using var binary = await ConnectAsync(FormatSample.MessagePack);
        var authenticated = await binary.AskAsync($$"""{"type":"auth","token":"{{token}}","id":1}""", Cancel);
        Assert.EndsWith($",\"info\":{Info}}}", authenticated, StringComparison.Ordinal);
        await json.SubscribeAsync("named.a", Cancel);
        await binary.SubscribeAsync("named.a", Cancel);
        await binary.SendAsync("""{"type":"publish","topic":"named.a","data":1}""", Cancel);

        var push = await json.ReceiveAsync(Cancel);
        Assert.StartsWith("""{"type":"message","topic":"named.a","data":1,"from":{"user":"bob","connection":""", push, StringComparison.Ordinal);
        Assert.Contains($",\"info\":{Info}}}", push, StringComparison.Ordinal);
        Assert.Equal(push, await binary.ReceiveAsync(Cancel));
    }

    [Fact]
    public async Task The_api_publishes_json_and_every_format_reads_it()
    {
        await using var json = await ConnectAsync(FormatSample.Json);
        await using var binary = await ConnectAsync(FormatSample.MessagePack);
        await json.SubscribeAsync("api", Cancel);
        await binary.SubscribeAsync("api", Cancel);
        var broker = _node.Api;

        Assert.Equal(Node.PublishResult.Published, await broker.PublishAsync("api", new { Text = "hello", N = new[] { 1.5, 2 } }, cancellationToken: Cancel));

        const string Push = """{"type":"message","topic":"api","data":{"Text":"hello","N":[1.5,2]}}""";
        Assert.Equal(Push, await json.ReceiveAsync(Cancel));
        Assert.Equal(Push, await binary.ReceiveAsync(Cancel));
    }

    [Fact]
    public async Task A_client_of_the_runtime_is_told_the_subprotocol_and_answered_one_by_one()
    {
        await using var client = await ConnectAsync(FormatSample.MessagePack);
        Assert.Equal("broker.v1.msgpack", client.Subprotocol);
        await client.SendAsync("""[{"type":"subscribe","topic":"mine","id":1},{"type":"publish","topic":"mine","data":{},"id":"p"}]""", Cancel);

        Assert.Equal("""{"type":"subscribed","id":1,"topic":"mine"}""", await client.ReceiveAsync(Cancel));
        Assert.Equal("""{"type":"published","id":"p","topic":"mine"}""", await client.ReceiveAsync(Cancel));
        Assert.Equal("""{"type":"message","topic":"mine","data":{}}""", await client.ReceiveAsync(Cancel));
        Assert.Equal(
            """{"type":"error","id":2,"code":"unknown_type","error":"Unknown message type"}""",
            await client.AskAsync("""{"type":"dance","id":2}""", Cancel));
        await client.SendAsync(Encoding.UTF8.GetBytes("""{"type":"ping"}"""), WebSocketMessageType.Text, Cancel);
        Assert.Null(await client.ReceiveAsync(Cancel));
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, client.CloseStatus);
    }

    private Task<FormatClient> ConnectAsync(FormatSample format, bool deflate = false) =>
        FormatClient.ConnectAsync(new Uri($"ws://127.0.0.1:{_node.Port}/ws"), format, Cancel, deflate);
}
