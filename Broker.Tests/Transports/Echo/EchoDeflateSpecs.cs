using System.IO.Compression;
using System.Net.WebSockets;
using System.Text;
using Broker.Tests.Deflate;
using Broker.Tests.Hostile;
using Broker.Tests.Support;

namespace Broker.Tests.Transports.Echo;

/// <summary>permessage-deflate over a real socket, context takeover on.</summary>
public sealed class EchoDeflateSpecs(EchoNode shared) : IClassFixture<EchoNode>
{
    private const int Mebibyte = 1024 * 1024;
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    private async Task<RawWebSocket> OpenAsync(string offer = "permessage-deflate", string? answer = "permessage-deflate")
    {
        var socket = await _node.ConnectAsync("/echo", null, ("Sec-WebSocket-Extensions", offer));
        Assert.Equal((101, answer), (socket.Status, socket.Header("Sec-WebSocket-Extensions")));
        return socket;
    }

    private static byte[] Text(int seed) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(seed, 200).Select(i => $"{i} squared is {i * i}. ")));

    /// <summary>The payloads of the next messages, each one frame with RSV1.</summary>
    private static async Task<List<byte[]>> ReceiveAsync(RawWebSocket socket, int count, int opcode = 1)
    {
        var payloads = new List<byte[]>();
        for (var i = 0; i < count; i++)
        {
            var frame = await socket.ReceiveAsync(Cancel);
            Assert.True((frame.Opcode, frame.Fin, frame.Rsv) == (opcode, true, 4), frame.ToString());
            payloads.Add(frame.Payload);
        }

        return payloads;
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    public async Task Messages_that_share_a_context_come_back_in_one(int segment)
    {
        await using var socket = await OpenAsync();
        byte[][] messages = [Text(1), Text(1), "x"u8.ToArray(), Text(100), Text(1)];
        var frames = Zlib.DeflateAll(messages).SelectMany(payload => TestFrame.Build(1, payload, rsv: 4)).ToArray();
        await socket.SendBytesAsync(frames, segment, Cancel);
        var payloads = await ReceiveAsync(socket, messages.Length);
        Assert.Equal(messages, Zlib.InflateAll(payloads));
        Assert.InRange(payloads[1].Length, 1, payloads[0].Length / 5);
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover; client_max_window_bits", "permessage-deflate; client_no_context_takeover")]
    [InlineData("permessage-deflate; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9")]
    [InlineData("permessage-deflate; server_max_window_bits=9, permessage-deflate", "permessage-deflate")]
    [InlineData("permessage-deflate; server_max_window_bits=9", null)]
    [InlineData("permessage-deflate; server_max_window_bits=08", null)]
    [InlineData("permessage-deflate; nonsense", null)]
    [InlineData("\"", null)]
    public async Task Offer_is_answered_and_kept_to(string offer, string? answer)
    {
        await using var socket = await OpenAsync(offer, answer);
        if (answer is null)
        {
            await socket.SendBytesAsync(TestFrame.Text("plain"), cancellation: Cancel);
            Assert.Equal("plain", await socket.ReceiveTextAsync(Cancel));
            await HostileNode.LeaveAsync(socket);
            return;
        }

        for (var i = 0; i < 2; i++)
        {
            await socket.SendBytesAsync(TestFrame.Build(2, Zlib.Deflate("abc"u8.ToArray()), rsv: 4), cancellation: Cancel);
            var payload = Assert.Single(await ReceiveAsync(socket, 1, 2));
            if (i == 0 || answer.Contains("server_no", StringComparison.Ordinal))
            {
                Assert.Equal("abc"u8.ToArray(), Zlib.Inflate(payload));
            }
        }

        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Two_hundred_offers_in_many_lines_are_answered_with_the_first_good_one()
    {
        await using var socket = await _node.ConnectAsync("/echo", null,
            [.. Enumerable.Repeat(("Sec-WebSocket-Extensions", string.Join(",", Enumerable.Repeat("permessage-deflate;x=1", 10))), 20), ("Sec-WebSocket-Extensions", "permessage-deflate")]);
        Assert.Equal((101, "permessage-deflate"), (socket.Status, socket.Header("Sec-WebSocket-Extensions")));
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Ordinary_messages_follow_one_with_BFINAL()
    {
        await using var socket = await OpenAsync();
        using var sink = new MemoryStream();
        using (var stream = new DeflateStream(sink, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write("final"u8);
        }

        var after = Zlib.DeflateAll(["after"u8.ToArray(), "after, too"u8.ToArray()]);
        foreach (var payload in new[] { [.. sink.ToArray(), 0], after[0], after[1] })
        {
            await socket.SendBytesAsync(TestFrame.Build(1, payload, rsv: 4), cancellation: Cancel);
        }

        Assert.Equal(["final", "after", "after, too"], Zlib.InflateAll(await ReceiveAsync(socket, 3)).Select(Encoding.UTF8.GetString));
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData(1, "f248", 1007)]
    [InlineData(1, "07", 1007)]
    [InlineData(2, "f200110000", 1007)]
    [InlineData(9, "00", 1002)]
    public async Task Fault_closes_with_its_code(int opcode, string hex, int code)
    {
        await using var socket = await OpenAsync();
        await socket.SendBytesAsync(TestFrame.Build(opcode, Convert.FromHexString(hex), rsv: 4), cancellation: Cancel);
        await HostileNode.ClosesAsync(socket, code);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Message_of_64_MiB_comes_back_compressed_and_one_more_byte_is_refused()
    {
        var message = new byte[64 * Mebibyte];
        for (var i = 0; i < message.Length; i += 1000)
        {
            message[i] = (byte)(i / 1000);
        }

        await using var socket = await OpenAsync();
        await socket.SendBytesAsync(TestFrame.Build(2, Zlib.Deflate(message, CompressionLevel.Fastest), rsv: 4), cancellation: Cancel);
        var payload = Assert.Single(await ReceiveAsync(socket, 1, 2));
        Assert.True(message.AsSpan().SequenceEqual(Zlib.Inflate(payload)));
        await socket.SendBytesAsync(TestFrame.Build(2, Zlib.Deflate(new byte[message.Length + 1]), rsv: 4), cancellation: Cancel);
        await HostileNode.ClosesAsync(socket, 1009);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task ClientWebSocket_reads_what_it_sent(bool clientTakeover, bool serverTakeover)
    {
        using var client = new ClientWebSocket();
        client.Options.DangerousDeflateOptions = new WebSocketDeflateOptions { ClientContextTakeover = clientTakeover, ServerContextTakeover = serverTakeover };
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{_node.Port}/echo"), Cancel);
        var buffer = new byte[100_000];
        foreach (var message in new[] { Text(1), [], Text(1), new byte[90_000], Encoding.UTF8.GetBytes("100 €"), Text(7) })
        {
            await client.SendAsync(message, WebSocketMessageType.Text, true, Cancel);
            var length = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = await client.ReceiveAsync(buffer.AsMemory(length), Cancel);
                length += result.Count;
            }
            while (!result.EndOfMessage);

            Assert.Equal(WebSocketMessageType.Text, result.MessageType);
            Assert.Equal(message, buffer.AsSpan(0, length).ToArray());
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Cancel);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"serverNoContextTakeover\":true,\"clientNoContextTakeover\":true}")]
    [InlineData("{\"clientMaxWindowBits\":10}")]
    public async Task Ws_client_reads_what_it_sent(string options)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(
            RequiredTool.NodeWithPackages(), [Path.Combine(SourceTree.NodePeers, "deflate.mjs"), $"ws://127.0.0.1:{_node.Port}/echo", options], Cancel);
        Assert.True(exitCode == 0, output);
        Assert.Contains("passed", output, StringComparison.Ordinal);
    }
}
