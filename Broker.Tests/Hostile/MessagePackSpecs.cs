using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Hostile;

/// <summary>Binary frames that are no messages, and frames of the wrong kind: nobody else notices.</summary>
public sealed class MessagePackSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private static readonly string[] MessagePack = ["broker.v1.msgpack"];

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string, string> Unparsable => new()
    {
        { "", "nothing" },
        { "c1", "never used" },
        { "81a474797065", "cut off" },
        { "81a474797065a470696e67c0", "a byte behind" },
        { "90", "an empty array" },
        { "c0", "nil" },
        { "df80000000c0c0c0c0c0", "map32 of 2^31" },
        { "dd80000000c0c0c0c0c0", "array32 of 2^31" },
        { "81a474797065db80000000c0c0c0", "str32 of 2^31" },
        { "83a474797065a77075626c697368a5746f706963a174a464617461c680000000c0c0", "data: bin32 of 2^31" },
        { "83a474797065a77075626c697368a5746f706963a174a464617461dd7fffffff9191", "data: array32 of 2^31-1" },
        { "83a474797065a77075626c697368a5746f706963a174a464617461cb7ff8000000000000", "data: NaN" },
        { "83a474797065a77075626c697368a5746f706963a174a464617461cb7ff0000000000000", "data: infinity" },
        { "83a474797065a77075626c697368a5746f706963a174a464617461d6ff00000000", "data: timestamp" },
        { "83a474797065a77075626c697368a5746f706963a174a4646174618101c0", "data: a key that is no text" },
        { "83a474797065a77075626c697368a5746f706963a174a46461746182a16101a16102", "data: a key twice" },
        { "83a474797065a77075626c697368a5746f706963a174a464617461a180", "data: not UTF-8" },
        { "7b2274797065223a2270696e67227d", "JSON" },
    };

    [Theory]
    [MemberData(nameof(Unparsable))]
    public async Task What_does_not_decode_is_invalid_message_and_the_fifth_time_abuse(string hex, string what)
    {
        foreach (var cut in Segmentation.OfRun)
        {
            var socket = await ConnectAsync();
            for (var i = 0; i < 5; i++)
            {
                await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Build(2, Convert.FromHexString(hex))));
                var answer = await ReadAsync(socket);
                Assert.True(answer == """{"type":"error","code":"invalid_message","error":"Invalid message format"}""", $"{what}: {answer}");
            }

            Assert.Equal("""{"type":"disconnecting","code":1008,"reason":"abuse","reconnect":false,"after":0}""", await ReadAsync(socket));
            await HostileNode.ClosesAsync(socket, 1008, "abuse");
        }

        var times = Segmentation.OfRun.Count;
        await _node.HasCountedAsync($"broker.abuse unparsable = {times}", $"broker.connections.closed 1008 abuse = {times}", $"broker.requests.refused invalid_message = {5 * times}");
    }

    public static TheoryData<string> Bombs => new() { "deep arrays", "deep maps", "many keys", "many elements", "a long id" };

    [Theory]
    [MemberData(nameof(Bombs))]
    public async Task A_bomb_is_one_error_and_the_connection_stays(string kind)
    {
        foreach (var cut in Segmentation.OfRun)
        {
            await using var socket = await ConnectAsync();
            await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Build(2, Bomb(kind))));
            Assert.Contains("\"code\":\"invalid_message\"", await ReadAsync(socket), StringComparison.Ordinal);
            await socket.SendFrameAsync(2, MessagePackSamples.Encode("""{"type":"unsubscribe","topic":"t","id":7}"""), cancellation: Cancel);
            Assert.Equal("""{"type":"unsubscribed","id":7,"topic":"t"}""", await ReadAsync(socket));
            await HostileNode.LeaveAsync(socket);
        }

        await _node.HasCountedAsync($"broker.requests.refused invalid_message = {Segmentation.OfRun.Count}");
    }

    internal static byte[] Bomb(string kind) => kind switch
    {
        "deep arrays" => [.. Enumerable.Repeat((byte)0x91, 60_000)],
        "deep maps" => [.. Enumerable.Repeat((byte[])[0x81, 0xa1, (byte)'a'], 20_000).SelectMany(static level => level)],
        "many keys" => [0xde, 0x1f, 0x40, .. Enumerable.Range(0, 8_000).SelectMany(static i => (byte[])[0xa4, .. System.Text.Encoding.ASCII.GetBytes($"{i:d4}"), 0x01])],
        "many elements" => [0xdc, 0xea, 0x60, .. Enumerable.Repeat((byte)0x01, 60_000)],
        _ => MessagePackSamples.Encode("{\"type\":\"ping\",\"id\":\"" + new string('i', 60_000) + "\"}"),
    };

    [Theory]
    [InlineData(null, 2)]
    [InlineData("broker.v1.json", 2)]
    [InlineData("broker.v1.msgpack", 1)]
    public async Task A_frame_of_the_other_kind_closes_with_1003(string? subprotocol, int opcode)
    {
        foreach (var cut in Segmentation.OfRun)
        {
            var socket = await _node.ConnectAsync(subprotocols: subprotocol is null ? null : [subprotocol]);
            await socket.ReceiveUntilAsync(static message => message.Opcode is 1 or 2, Cancel);
            await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Build(opcode, [])));
            await HostileNode.ClosesAsync(socket, 1003);
        }

        await _node.HasCountedAsync($"broker.connections.closed 1003 unsupported data = {Segmentation.OfRun.Count}");
    }

    [Theory]
    [InlineData("broker.v1.msgpack", "broker.v1.msgpack")]
    [InlineData("made.up, broker.v1.msgpack, broker.v1.json", "broker.v1.msgpack")]
    [InlineData("broker.v1.json, broker.v1.msgpack", "broker.v1.json")]
    [InlineData("broker.v1.msgpack2", null)]
    public async Task The_first_known_subprotocol_is_chosen(string offered, string? chosen)
    {
        await using var socket = await _node.ConnectAsync(subprotocols: offered.Split(", "));
        Assert.Equal((chosen is null ? 400 : 101, chosen), (socket.Status, socket.Subprotocol));
        await socket.DisposeAsync();
        await _node.HasCountedAsync(chosen is null ? ["broker.handshakes.refused upgrade = 1"] : []);
    }

    [Fact]
    public async Task A_bad_token_beside_the_subprotocol_is_told_in_binary_and_closed()
    {
        var socket = await _node.ConnectAsync(subprotocols: ["broker.v1.msgpack", "bearer.nonsense"]);
        Assert.Equal("broker.v1.msgpack", socket.Subprotocol);
        Assert.StartsWith("{\"type\":\"welcome\"", await ReadAsync(socket), StringComparison.Ordinal);
        Assert.Contains("\"code\":\"invalid_token\"", await ReadAsync(socket), StringComparison.Ordinal);
        Assert.Contains("\"type\":\"disconnecting\",\"code\":1008", await ReadAsync(socket), StringComparison.Ordinal);
        await HostileNode.ClosesAsync(socket, 1008, "Invalid token");
        await _node.HasCountedAsync("broker.connections.closed 1008 Invalid token = 1", "broker.requests.refused invalid_token = 1", "broker.tokens.refused invalid = 1");
    }

    internal static async Task<string> ReadAsync(RawWebSocket socket)
    {
        var message = await socket.ReceiveUntilAsync(static frame => frame.Opcode is not (9 or 10), Cancel);
        Assert.True(message is { Opcode: 2, Rsv: 0 }, $"a binary message was expected, {message} came");
        return MessagePackSamples.Show(message.Payload);
    }

    internal static async Task<RawWebSocket> ConnectAsync(HostileNode node)
    {
        var socket = await node.ConnectAsync(subprotocols: MessagePack);
        Assert.StartsWith("{\"type\":\"welcome\"", await ReadAsync(socket), StringComparison.Ordinal);
        return socket;
    }

    private Task<RawWebSocket> ConnectAsync() => ConnectAsync(_node);
}
