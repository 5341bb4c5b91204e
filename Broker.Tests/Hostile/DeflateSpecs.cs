using System.IO.Compression;
using System.Text;
using Broker.Tests.Deflate;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Compressed messages of clients to the broker itself: PD-02 to PD-05, PD-08, PD-12.</summary>
public sealed class DeflateSpecs(DeflateNode shared) : IClassFixture<DeflateNode>
{
    private const string Agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    private static readonly byte[] Bomb = Zlib.Deflate(new byte[60 << 20], CompressionLevel.SmallestSize);
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    internal static async Task<RawWebSocket> OpenAsync(HostileNode node)
    {
        var socket = await node.ConnectAsync(headers: ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"));
        Assert.Equal((101, Agreed), (socket.Status, socket.Header("Sec-WebSocket-Extensions")));
        var welcome = await socket.ReceiveAsync(Cancel);
        Assert.Equal(0, welcome.Rsv);
        Assert.Contains("welcome", welcome.Text, StringComparison.Ordinal);
        return socket;
    }

    private static byte[] Compressed(string text) => TestFrame.Build(1, Zlib.Deflate(Encoding.UTF8.GetBytes(text)), rsv: 4);

    [Fact]
    public async Task Compressed_request_is_answered_plain()
    {
        await using var socket = await OpenAsync(_node);
        for (var i = 0; i < 2; i++)
        {
            await socket.SendBytesAsync(Compressed("""{"type":"unsubscribe","topic":"nothing","id":1}"""), cancellation: Cancel);
            var reply = await socket.ReceiveAsync(Cancel);
            Assert.Equal((1, 0), (reply.Opcode, reply.Rsv));
            Assert.Contains("unsubscribed", reply.Text, StringComparison.Ordinal);
        }

        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    [Theory]
    [InlineData("permessage-deflate; server_max_window_bits=10", null)]
    [InlineData("permessage-deflate; server_max_window_bits=", null)]
    [InlineData("permessage-deflate; server_max_window_bits=9, permessage-deflate; server_no_context_takeover", Agreed)]
    public async Task Offer_that_cannot_be_kept_is_declined_with_101(string offer, string? answer)
    {
        await using var socket = await _node.ConnectAsync(headers: ("Sec-WebSocket-Extensions", offer));
        Assert.Equal((101, answer), (socket.Status, socket.Header("Sec-WebSocket-Extensions")));
        await HostileNode.ReadAsync(socket, "welcome");
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    /// <summary>Compressed messages that end the connection, and the codes.</summary>
    public static TheoryData<string, byte[], int> Wrong
    {
        get
        {
            var parts = Bomb.Chunk((Bomb.Length / 1000) + 1).ToArray();
            var spaces = Zlib.DeflateAll([.. Enumerable.Repeat("  "u8.ToArray(), 500), new byte[60 << 20]]);
            return new()
            {
                { "a bomb", TestFrame.Build(1, Bomb, rsv: 4), 1009 },
                { "a bomb over a thousand fragments", [.. parts.SelectMany((part, i) => TestFrame.Build(i == 0 ? 1 : 0, part, i == parts.Length - 1, i == 0 ? 4 : 0))], 1009 },
                { "a bomb in the last fragment", [.. spaces.SelectMany((part, i) => TestFrame.Build(i == 0 ? 1 : 0, i == 500 ? part : [.. part, 0, 0, 0xFF, 0xFF], i == 500, i == 0 ? 4 : 0))], 1009 },
                { "truncated", TestFrame.Build(1, Convert.FromHexString("f248"), rsv: 4), 1007 },
                { "garbage", TestFrame.Build(1, Convert.FromHexString("07a1b2c3"), rsv: 4), 1007 },
                { "a context that was given up", TestFrame.Build(1, Convert.FromHexString("f200110000"), rsv: 4), 1007 },
                { "the bit on a fragment", [.. TestFrame.Build(1, [0xF2], false, 4), .. TestFrame.Build(0, [0x48], rsv: 4)], 1002 },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public Task What_must_not_be_inflated_is_refused_with_one_code(string what, byte[] frames, int code) => IsAnsweredAsync(_node, what, frames, code);

    /// <summary>A new connection with compression that sends the frames is closed with this code however they come, and counted for it.</summary>
    internal static async Task IsAnsweredAsync(HostileNode node, string what, byte[] frames, int code)
    {
        foreach (var segments in Segmentation.Three(frames))
        {
            await using var socket = await OpenAsync(node);
            await HostileNode.SendUntilCutAsync(socket, segments);
            var close = await socket.ReceiveCloseAsync(Cancel);
            Assert.True(close.CloseCode == code, $"{what}: {close}");
            Assert.True((await socket.ReceiveAsync(Cancel)).IsEnd, what);
        }

        await node.HasCountedAsync($"broker.connections.closed {code} {code switch { 1002 => "protocol error", 1007 => "invalid data", _ => "message too big" }} = 3");
    }

    [Fact]
    public async Task Hundred_bombs_at_once_harm_nobody()
    {
        var sockets = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => OpenAsync(_node)));
        var frame = TestFrame.Build(1, Bomb, rsv: 4);
        await _node.Canary.BesideAsync(Task.WhenAll(sockets.Select(async socket =>
        {
            await SendAsync(socket, frame, 4000);
            await HostileNode.ClosesAsync(socket, 1009);
        })));
        await _node.HasCountedAsync("broker.connections.closed 1009 message too big = 100");
    }

    [Fact]
    public async Task Bomb_before_authentication_is_refused_at_the_lower_limit()
    {
        await using var node = await HostileNode.StartAsync(TokenNode.Config, TokenForge.Clock(), canaryToken: TokenNode.Token("canary"));
        await using (var socket = await OpenAsync(node))
        {
            // Small on the wire.
            await SendAsync(socket, TestFrame.Build(1, Zlib.Deflate(new byte[16 * 1024 + 1]), rsv: 4), int.MaxValue);
            await HostileNode.ClosesAsync(socket, 1009);
        }

        await using (var socket = await OpenAsync(node))
        {
            await SendAsync(socket, Compressed($$"""{"type":"auth","token":"{{TokenNode.Token("u")}}","id":1}"""), int.MaxValue);
            var reply = await socket.ReceiveAsync(Cancel);
            Assert.Equal(0, reply.Rsv);
            Assert.Contains("authenticated", reply.Text, StringComparison.Ordinal);
            await SendAsync(socket, TestFrame.Build(1, Bomb, rsv: 4), int.MaxValue);
            await HostileNode.ClosesAsync(socket, 1009);
        }

        await node.HasCountedAsync("broker.connections.closed 1009 message too big = 2");
    }

    [Fact]
    public async Task RSV1_without_negotiation_is_refused_with_1002()
    {
        await using var socket = await _node.ClientAsync();
        await SendAsync(socket, Compressed("{}"), int.MaxValue);
        await HostileNode.ClosesAsync(socket, 1002);
        await _node.HasCountedAsync("broker.connections.closed 1002 protocol error = 1");
    }

    /// <summary>The server may be gone before it has read all of it.</summary>
    private static async Task SendAsync(RawWebSocket socket, byte[] bytes, int segment)
    {
        try
        {
            await socket.SendBytesAsync(bytes, segment, Cancel);
        }
        catch (IOException error) when (error.InnerException is System.Net.Sockets.SocketException)
        {
        }
    }
}
