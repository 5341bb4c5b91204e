using System.Text;
using Broker.Tests.Hostile;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>What the grid leaves out of RFC 7692, against <c>/echo</c>.</summary>
public sealed class CompressionSpecs(ConformanceNode shared) : IClassFixture<ConformanceNode>
{
    private const string Header = "Sec-WebSocket-Extensions";
    private const string Deflate = "permessage-deflate";
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    // Each is longer than the threshold from which answers are compressed, and like the others.
    private static byte[] Text(int number) => Encoding.UTF8.GetBytes(Payloads.Json.Substring(number * 700, 3000));

    [Fact]
    public async Task Both_sides_take_their_context_over_where_nobody_objects()
    {
        await using var socket = await OpenAsync(Deflate, Deflate);
        using var deflater = new RawDeflater();
        using var inflater = new RawInflater();
        var lengths = new List<(int Sent, int Received)>();
        for (var i = 0; i < 50; i++)
        {
            var sent = deflater.Compress(Text(i % 3));
            await socket.SendFrameAsync(1, sent, rsv: 4, cancellation: Cancel);
            var echo = await socket.ReceiveAsync(Cancel);
            Assert.Equal(4, echo.Rsv);
            Assert.Equal(Text(i % 3), inflater.Inflate(echo.Payload));
            lengths.Add((sent.Length, echo.Payload.Length));
        }

        // What was there before costs next to nothing: both really refer to it.
        Assert.True(lengths[^1].Sent * 4 < lengths[0].Sent && lengths[^1].Received * 4 < lengths[0].Received, string.Join(' ', lengths));
        await LeaveAsync(socket);
    }

    [Theory]
    [InlineData("permessage-deflate; server_max_window_bits=7")]
    [InlineData("permessage-deflate; server_max_window_bits=8")]
    [InlineData("permessage-deflate; server_max_window_bits=9")]
    [InlineData("permessage-deflate; server_max_window_bits=10")]
    [InlineData("permessage-deflate; server_max_window_bits=11")]
    [InlineData("permessage-deflate; server_max_window_bits=12")]
    [InlineData("permessage-deflate; server_max_window_bits=13")]
    [InlineData("permessage-deflate; server_max_window_bits=14")]
    [InlineData("permessage-deflate; server_max_window_bits=16")]
    [InlineData("permessage-deflate; server_max_window_bits=015")]
    [InlineData("permessage-deflate; server_max_window_bits=+15")]
    [InlineData("permessage-deflate; server_max_window_bits=15.0")]
    [InlineData("permessage-deflate; server_max_window_bits=99999999999999999999")]
    [InlineData("permessage-deflate; server_max_window_bits")]
    [InlineData("permessage-deflate; server_max_window_bits=")]
    [InlineData("permessage-deflate; server_max_window_bits=\"\"")]
    [InlineData("permessage-deflate; server_max_window_bits=15; server_max_window_bits=15")]
    [InlineData("permessage-deflate; client_max_window_bits=7")]
    [InlineData("permessage-deflate; client_max_window_bits=16")]
    [InlineData("permessage-deflate; client_max_window_bits; client_max_window_bits=15")]
    [InlineData("permessage-deflate; server_no_context_takeover=1")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover=true")]
    [InlineData("permessage-deflate; unknown")]
    [InlineData("permessage-deflate; unknown=1; client_max_window_bits")]
    [InlineData("permessage-deflate;")]
    [InlineData("permessage-deflate; server_max_window_bits=\"15")]
    [InlineData("x-webkit-deflate-frame")]
    [InlineData("permessage-bzip2, x")]
    [InlineData(", ,")]
    public async Task Offer_that_cannot_be_met_leaves_the_connection_without_compression(string offer)
    {
        await using var plain = await OpenAsync(offer, null);
        await plain.SendFrameAsync(1, Text(0), cancellation: Cancel);
        var echo = await plain.ReceiveAsync(Cancel);
        Assert.Equal((0, 3000), (echo.Rsv, Encoding.UTF8.GetString(echo.Payload).Length));
        await plain.SendFrameAsync(1, Text(0), rsv: 4, cancellation: Cancel);
        await HostileNode.ClosesAsync(plain, 1002);
        await _node.HasCountedAsync("broker.connections.closed 1002 protocol error = 1");

        // The next offer counts, in the same line and in another one.
        await using (var second = await OpenAsync($"{offer}, {Deflate}", null, any: true))
        {
            await LeaveAsync(second);
        }

        await using var other = await _node.ConnectAsync("/echo", null, (Header, offer), (Header, Deflate));
        Assert.Equal((101, Deflate), (other.Status, other.Header(Header)));
        await LeaveAsync(other);
    }

    [Theory]
    [InlineData("permessage-deflate; server_max_window_bits=\"15\"", "permessage-deflate; server_max_window_bits=15")]
    [InlineData("permessage-deflate ;server_no_context_takeover", "permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-bzip2, permessage-deflate; server_max_window_bits=9, permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15")]
    [InlineData("permessage-deflate, permessage-deflate; server_no_context_takeover", "permessage-deflate")]
    public async Task First_offer_that_can_be_met_is_answered(string offer, string answer)
    {
        await using var socket = await OpenAsync(offer, answer);
        await LeaveAsync(socket);
    }

    [Fact]
    public async Task Two_hundred_offers_are_read_to_the_one_that_can_be_met()
    {
        var offers = Enumerable.Repeat("permessage-deflate; server_max_window_bits=9", 199).Append(Deflate);
        await using var socket = await OpenAsync(string.Join(", ", offers), Deflate);
        await LeaveAsync(socket);
    }

    /// <summary>Section 6.1: the bit stands on the first frame of a message alone, and never on a control frame.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    public async Task Compressed_bit_elsewhere_than_on_the_first_frame_is_refused(int opcode)
    {
        await using var socket = await OpenAsync(Deflate, Deflate);
        await socket.SendFrameAsync(1, [0], fin: false, rsv: 4, cancellation: Cancel);
        await socket.SendFrameAsync(opcode, [], rsv: 4, cancellation: Cancel);
        await HostileNode.ClosesAsync(socket, 1002);
        await _node.HasCountedAsync("broker.connections.closed 1002 protocol error = 1");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public async Task Bits_nobody_negotiated_are_refused_beside_compression(int bit)
    {
        foreach (var rsv in new[] { bit, bit | 4 })
        {
            await using var socket = await OpenAsync(Deflate, Deflate);
            await socket.SendFrameAsync(1, [0], rsv: rsv, cancellation: Cancel);
            await HostileNode.ClosesAsync(socket, 1002);
        }

        await _node.HasCountedAsync("broker.connections.closed 1002 protocol error = 2");
    }

    [Fact]
    public async Task Plain_messages_and_empty_ones_between_compressed_ones_leave_the_context_alone()
    {
        await using var socket = await OpenAsync(Deflate, Deflate);
        using var deflater = new RawDeflater();
        using var inflater = new RawInflater();
        for (var i = 0; i < 5; i++)
        {
            await socket.SendFrameAsync(1, deflater.Compress(Text(i)), rsv: 4, cancellation: Cancel);
            await EchoedAsync(socket, inflater, 1, Text(i));
            await socket.SendFrameAsync(2, Text(i + 7), cancellation: Cancel);
            await EchoedAsync(socket, inflater, 2, Text(i + 7));
            await socket.SendFrameAsync(1, deflater.Compress([]), rsv: 4, cancellation: Cancel);
            await EchoedAsync(socket, inflater, 1, []);
            await socket.SendFrameAsync(1, [], cancellation: Cancel);
            await EchoedAsync(socket, inflater, 1, []);
        }

        await LeaveAsync(socket);
    }

    /// <summary>Section 7.2.3.4: a block with BFINAL ends the stream of the block, not that of the connection.</summary>
    [Fact]
    public async Task Last_block_of_a_stream_is_followed_by_messages_like_any_other()
    {
        await using var socket = await OpenAsync(Deflate, Deflate);
        using var inflater = new RawInflater();
        for (var i = 0; i < 3; i++)
        {
            await socket.SendFrameAsync(1, RawDeflater.CompressFinal(Text(i)), rsv: 4, cancellation: Cancel);
            await EchoedAsync(socket, inflater, 1, Text(i));

            // Ordinary ones, the second of which refers to the first.
            using var deflater = new RawDeflater();
            await socket.SendFrameAsync(1, deflater.Compress(Text(i + 3)), rsv: 4, cancellation: Cancel);
            await EchoedAsync(socket, inflater, 1, Text(i + 3));
            await socket.SendFrameAsync(1, deflater.Compress(Text(i + 3)), rsv: 4, cancellation: Cancel);
            await EchoedAsync(socket, inflater, 1, Text(i + 3));
        }

        await LeaveAsync(socket);
    }

    /// <summary>Blocks of several types, where a sender flushed within the message.</summary>
    [Fact]
    public async Task Message_may_be_made_of_any_blocks_in_any_frames()
    {
        await using var socket = await OpenAsync(Deflate, Deflate);
        using var inflater = new RawInflater();
        using var stored = new RawDeflater(stored: true);
        using var deflater = new RawDeflater(takeover: false);
        byte[] tail = [0, 0, 0xFF, 0xFF];
        byte[] message = [.. stored.Compress(Text(1)), .. tail, .. deflater.Compress(Text(2)), .. tail, .. stored.Compress(Text(3))];
        byte[] whole = [.. Text(1), .. Text(2), .. Text(3)];
        foreach (var size in new[] { int.MaxValue, 1000, 7, 1 })
        {
            var parts = message.Chunk(size).ToArray();
            await socket.SendBytesAsync(
                [.. parts.SelectMany((part, i) => (byte[])[.. TestFrame.Build(i == 0 ? 1 : 0, part, i == parts.Length - 1, i == 0 ? 4 : 0), .. TestFrame.Build(10, [])])], cancellation: Cancel);
            await EchoedAsync(socket, inflater, 1, whole);
        }

        await LeaveAsync(socket);
    }

    public static TheoryData<string, byte[]> Garbage
    {
        get
        {
            using var deflater = new RawDeflater();
            var right = deflater.Compress(Text(1));
            var later = deflater.Compress(Text(1));
            return new()
            {
                { "a block type that is none", [0x07] },
                { "a stored block whose lengths differ", [0x00, 0x05, 0x00, 0x05, 0x00, 1, 2, 3, 4, 5] },
                { "a reference to before the beginning", [0x4A, 0x04, 0x42, 0x00, 0x00] },
                { "half a message", right[..(right.Length / 2)] },
                { "a message without its last byte", right[..^1] },
                { "a reference to a message that was not sent", later },
                { "noise", Payloads.Of(2, 1000) },
                { "text as it is", Text(1) },
                { "a message whose last four bytes were not cut (section 7.2.1)", [.. right, 0, 0, 0xFF, 0xFF] },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task What_does_not_inflate_closes_with_1007_however_it_is_cut(string what, byte[] garbage)
    {
        Assert.NotEmpty(what);
        foreach (var size in new[] { int.MaxValue, 1 })
        {
            await using var socket = await OpenAsync(Deflate, Deflate);
            var parts = garbage.Chunk(size).ToArray();
            await socket.SendBytesAsync([.. parts.SelectMany((part, i) => TestFrame.Build(i == 0 ? 2 : 0, part, i == parts.Length - 1, i == 0 ? 4 : 0))], cancellation: Cancel);
            await HostileNode.ClosesAsync(socket, 1007);
        }

        await _node.HasCountedAsync("broker.connections.closed 1007 invalid data = 2");
    }

    [Fact]
    public async Task Reference_beyond_the_window_the_client_promised_is_refused()
    {
        // 600 bytes that do not repeat, and then the first of them again.
        byte[] far = [.. Payloads.Of(2, 600), .. Payloads.Of(2, 600).AsSpan(0, 200)];
        await using (var wide = await OpenAsync($"{Deflate}; client_max_window_bits=10", null, any: true))
        {
            using var deflater = new RawDeflater();
            using var inflater = new RawInflater();
            await wide.SendFrameAsync(2, deflater.Compress(far), rsv: 4, cancellation: Cancel);
            await EchoedAsync(wide, inflater, 2, far);
            await LeaveAsync(wide);
        }

        await using var narrow = await OpenAsync($"{Deflate}; client_max_window_bits=9", null, any: true);
        Assert.Contains("client_max_window_bits=9", narrow.Header(Header), StringComparison.Ordinal);
        using var other = new RawDeflater();
        await narrow.SendFrameAsync(2, other.Compress(far), rsv: 4, cancellation: Cancel);
        await HostileNode.ClosesAsync(narrow, 1007);
        await _node.HasCountedAsync("broker.connections.closed 1007 invalid data = 1");
    }

    [Fact]
    public async Task Message_that_inflates_to_more_than_64_MiB_closes_with_1009()
    {
        using var deflater = new RawDeflater();
        var bomb = deflater.Compress(new byte[(64 * 1024 * 1024) + 1]);
        Assert.True(bomb.Length < 1024 * 1024);
        foreach (var size in new[] { int.MaxValue, 1000 })
        {
            await using var socket = await OpenAsync(Deflate, Deflate);
            var parts = bomb.Chunk(size).ToArray();
            await socket.SendBytesAsync([.. parts.SelectMany((part, i) => TestFrame.Build(i == 0 ? 2 : 0, part, i == parts.Length - 1, i == 0 ? 4 : 0))], cancellation: Cancel);
            await HostileNode.ClosesAsync(socket, 1009);
        }

        await _node.HasCountedAsync("broker.connections.closed 1009 message too big = 2");
    }

    private static async Task EchoedAsync(RawWebSocket socket, RawInflater inflater, int opcode, byte[] payload)
    {
        var echo = await socket.ReceiveAsync(Cancel);
        Assert.Equal((opcode, true), (echo.Opcode, echo.Fin));
        Assert.Equal(payload, echo.Rsv == 4 ? inflater.Inflate(echo.Payload) : echo.Payload);
    }

    private async Task<RawWebSocket> OpenAsync(string offer, string? answer, bool any = false)
    {
        var socket = await _node.ConnectAsync("/echo", null, (Header, offer));
        Assert.Equal(101, socket.Status);
        Assert.True(any || socket.Header(Header) == answer, $"{offer} was answered with {socket.Header(Header)}");
        return socket;
    }

    private async Task LeaveAsync(RawWebSocket socket)
    {
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }
}
