using System.Text;
using System.Text.Json;
using Broker.Tests.Hostile;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>What the grid leaves out of UTF-8: code points cut by everything that can cut, and odd ones in the messages of the broker.</summary>
public sealed class TextSpecs(ConformanceNode shared) : IClassFixture<ConformanceNode>
{
    private const string Deflate = "permessage-deflate";
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task Code_points_cut_by_fragments_come_back()
    {
        await using var socket = await _node.ConnectAsync("/echo");
        foreach (var (text, cut) in Cuts)
        {
            await socket.SendBytesAsync([.. TestFrame.Build(1, text.AsSpan(0, cut), fin: false), .. TestFrame.Build(0, text.AsSpan(cut))], cancellation: Cancel);
            Assert.Equal(text, (await socket.ReceiveAsync(Cancel)).Payload);
        }

        await LeaveAsync(socket);
    }

    [Fact]
    public async Task Code_points_cut_by_segments_come_back()
    {
        await using var socket = await _node.ConnectAsync("/echo");
        foreach (var text in Texts)
        {
            await socket.SendBytesAsync(TestFrame.Build(1, text), segment: 1, cancellation: Cancel);
            Assert.Equal(text, (await socket.ReceiveAsync(Cancel)).Payload);
        }

        await LeaveAsync(socket);
    }

    /// <summary>One block each side of the cut, in one frame, in two frames cut at the block, and byte by byte.</summary>
    [Fact]
    public async Task Code_points_cut_by_compressed_blocks_come_back()
    {
        await using var socket = await _node.ConnectAsync("/echo", headers: [("Sec-WebSocket-Extensions", Deflate)]);
        Assert.NotNull(socket.Header("Sec-WebSocket-Extensions"));
        using var inflater = new RawInflater();
        foreach (var (text, cut) in Cuts)
        {
            using var deflater = new RawDeflater(takeover: false);
            byte[] first = [.. deflater.Compress(text.AsSpan(0, cut)), 0, 0, 0xFF, 0xFF];
            var second = deflater.Compress(text.AsSpan(cut));
            await socket.SendFrameAsync(1, [.. first, .. second], rsv: 4, cancellation: Cancel);
            await socket.SendBytesAsync([.. TestFrame.Build(1, first, fin: false, rsv: 4), .. TestFrame.Build(0, second)], cancellation: Cancel);
            await socket.SendBytesAsync(TestFrame.Build(1, [.. first, .. second], rsv: 4), segment: 1, cancellation: Cancel);
            for (var i = 0; i < 3; i++)
            {
                var echo = await socket.ReceiveAsync(Cancel);
                Assert.Equal(text, echo.Rsv == 4 ? inflater.Inflate(echo.Payload) : echo.Payload);
            }
        }

        await LeaveAsync(socket);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    public async Task Invalid_text_is_found_behind_the_compression(int fragment)
    {
        byte[][] wrongs = [.. Utf8Vectors.Groups.SelectMany(static group => group.Vectors).Where(static vector => !vector.Valid).Select(static vector => vector.Bytes)];
        foreach (var wrong in wrongs)
        {
            await using var socket = await _node.ConnectAsync("/echo", headers: [("Sec-WebSocket-Extensions", Deflate)]);
            using var deflater = new RawDeflater();
            var parts = deflater.Compress([.. "before "u8, .. wrong]).Chunk(fragment).ToArray();
            await socket.SendBytesAsync([.. parts.SelectMany((part, i) => TestFrame.Build(i == 0 ? 1 : 0, part, i == parts.Length - 1, i == 0 ? 4 : 0))], cancellation: Cancel);
            await HostileNode.ClosesAsync(socket, 1007);
        }

        await _node.HasCountedAsync($"broker.connections.closed 1007 invalid data = {wrongs.Length}");
    }

    [Fact]
    public async Task Odd_code_points_are_data_like_any_other()
    {
        await using var socket = await _node.ClientAsync();
        await socket.SendTextAsync("""{"type":"subscribe","topic":"odd"}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");
        foreach (var odd in Odd)
        {
            await socket.SendTextAsync($$"""{"type":"publish","topic":"odd","data":"{{odd}}","id":"{{odd}}"}""", Cancel);
            foreach (var answer in new[] { await socket.ReceiveTextAsync(Cancel), await socket.ReceiveTextAsync(Cancel) })
            {
                var message = JsonDocument.Parse(answer).RootElement;
                Assert.Equal(odd, message.GetProperty(message.GetProperty("type").GetString() == "message" ? "data" : "id").GetString());
            }
        }

        await LeaveAsync(socket);
    }

    [Fact]
    public async Task Odd_code_points_are_in_no_topic()
    {
        await using var socket = await _node.ClientAsync();
        foreach (var odd in Odd)
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","topic":"a{{odd}}"}""", Cancel);
            await HostileNode.ReadErrorAsync(socket, "invalid_topic");
            await socket.SendTextAsync($$"""{"type":"publish","topic":"{{odd}}a","data":1}""", Cancel);
            await HostileNode.ReadErrorAsync(socket, "invalid_topic");
        }

        await LeaveAsync(socket, $"broker.requests.refused invalid_topic = {2 * Odd.Length}");
    }

    [Fact]
    public async Task Byte_order_mark_in_front_is_text_and_no_JSON()
    {
        byte[] marked = [0xEF, 0xBB, 0xBF, .. """{"type":"ping"}"""u8];
        await using var echo = await _node.ConnectAsync("/echo");
        await echo.SendFrameAsync(1, marked, cancellation: Cancel);
        Assert.Equal(marked, (await echo.ReceiveAsync(Cancel)).Payload);
        await HostileNode.LeaveAsync(echo);

        await using var socket = await _node.ClientAsync();
        await socket.SendFrameAsync(1, marked, cancellation: Cancel);
        await HostileNode.ReadErrorAsync(socket, "invalid_json");
        await LeaveAsync(socket, "broker.requests.refused invalid_json = 1");
    }

    // Non-characters, a byte order mark, marks of direction, a zero width joiner, a private one, and one of the last plane.
    private static string[] Odd => ["\uFFFE", "\uFFFF", "\uFEFF", "\u200F", "\u202E", "\u200D", "\uE000", char.ConvertFromUtf32(0x10FFFF)];

    private static byte[][] Texts => [Encoding.UTF8.GetBytes("a\u0080€\U0001F600z"), Encoding.UTF8.GetBytes("\uFEFFא\u202Eb\uFFFE"), [0, (byte)'a', 0]];

    private static IEnumerable<(byte[] Text, int Cut)> Cuts => from text in Texts from cut in Enumerable.Range(1, text.Length - 1) select (text, cut);

    private async Task LeaveAsync(RawWebSocket socket, params string[] counts)
    {
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync(counts);
    }
}
