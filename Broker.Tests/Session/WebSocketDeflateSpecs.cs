using System.IO.Compression;
using System.Text;
using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Tests.Deflate;
using Broker.Tests.Support;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Session;

/// <summary>RFC 7692 in the session; every input in every segmentation.</summary>
public sealed class WebSocketDeflateSpecs
{
    private static readonly DeflateParameters Takeover = new() { Threshold = 0 };
    private static readonly DeflateParameters NoTakeover = new() { ServerNoContextTakeover = true, ClientNoContextTakeover = true };
    private static readonly byte[] Hello = Convert.FromHexString("f248cdc9c90700");
    private static readonly byte[] HelloAgain = Convert.FromHexString("f200110000");

    private static SessionProbe Receive(WebSocketLimits? limits, DeflateParameters? deflate, params byte[][] frames) =>
        SessionProbe.Receive(WebSocketRole.Server, [.. frames.SelectMany(static frame => frame)], limits, deflate: deflate);

    private static byte[] Compressed(byte[] payload, int opcode = 1, bool fin = true) => TestFrame.Build(opcode, payload, fin, rsv: 4);

    [Fact]
    public void Compressed_and_plain_messages_come_in_any_order() =>
        Assert.Equal(
            ["Text \"Hello\"", "Text \"plain\"", "Text \"Hello\"", "Binary 48656c6c6f", "Text \"\"", "Pong 01"],
            Receive(null, Takeover, Compressed(Hello), TestFrame.Text("plain"), Compressed(HelloAgain), Compressed(HelloAgain, 2), Compressed([0]), TestFrame.Build(10, [1])).Events);

    [Fact]
    public void Fragments_are_of_one_compressed_message_also_empty_ones_and_with_a_pong_between() =>
        Assert.Equal(
            ["Pong 07", "Text \"Hello\"", "Text \"Hello\""],
            Receive(null, Takeover, Compressed([], fin: false), TestFrame.Build(0, Hello.AsSpan(0, 2), false), TestFrame.Build(10, [7]), TestFrame.Build(0, [], false), TestFrame.Build(0, Hello.AsSpan(2)), Compressed(HelloAgain)).Events);

    [Theory]
    [InlineData(1, 4, false)] // not negotiated
    [InlineData(2, 4, false)]
    [InlineData(9, 4, true)] // on control frames
    [InlineData(10, 4, true)]
    [InlineData(8, 4, true)]
    [InlineData(0, 4, true)] // a continuation of nothing
    [InlineData(1, 2, true)] // RSV2
    [InlineData(1, 1, true)] // RSV3
    [InlineData(1, 6, true)]
    [InlineData(3, 4, true)] // a reserved opcode
    public void Bit_that_means_nothing_there_closes_with_1002(int opcode, int rsv, bool negotiated) =>
        Receive(null, negotiated ? Takeover : null, TestFrame.Build(opcode, [], rsv: rsv)).AssertFailed(CloseCode.ProtocolError, WebSocketRole.Server);

    [Fact]
    public void RSV1_on_the_second_fragment_closes_with_1002() =>
        Receive(null, Takeover, Compressed(Hello[..2], fin: false), TestFrame.Build(0, Hello.AsSpan(2), rsv: 4)).AssertFailed(CloseCode.ProtocolError, WebSocketRole.Server);

    [Theory]
    [InlineData("07")] // reserved block type
    [InlineData("")] // not even the header of a block
    [InlineData("f248")] // truncated
    [InlineData("f248cdc9c907")]
    [InlineData("000500faff48656c")] // a stored block cut short
    [InlineData("f200110000")] // refers to what never was
    [InlineData("00ffff0000")] // an announced length alone
    public void Data_that_does_not_inflate_closes_with_1007(string hex)
    {
        Receive(null, Takeover, Compressed(Convert.FromHexString(hex))).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server);
        Receive(null, NoTakeover, Compressed(Convert.FromHexString(hex), 2)).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server);
        Receive(null, Takeover, Compressed([], 2, fin: false), TestFrame.Build(0, Convert.FromHexString(hex))).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server);
    }

    [Fact]
    public void Client_that_keeps_a_context_it_gave_up_closes_with_1007() =>
        Receive(null, NoTakeover, Compressed(Hello), Compressed(HelloAgain)).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server, "Text \"Hello\"");

    [Fact]
    public void Text_is_judged_as_it_inflates()
    {
        // U8-02, U8-03: before the end of the message, and code points cut by fragments and by deflate blocks.
        var bad = Zlib.Deflate([.. "fine"u8, 0xFF, .. "more"u8], CompressionLevel.NoCompression);
        Receive(null, Takeover, Compressed(bad, fin: false)).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server);
        Receive(null, Takeover, Compressed(Zlib.Deflate([0xE2, 0x82]))).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server);
        var halves = Zlib.DeflateAll([[.. "100 "u8, 0xE2, 0x82], [0xAC]]);
        byte[] payload = [.. halves[0], 0, 0, 0xFF, 0xFF, .. halves[1]];
        foreach (var cut in Enumerable.Range(0, payload.Length))
        {
            Assert.Equal(["Text \"100 €\""], Receive(null, Takeover, Compressed(payload[..cut], fin: false), TestFrame.Build(0, payload.AsSpan(cut))).Events);
        }
    }

    [Fact]
    public void Inflated_size_is_bounded_as_any_message_and_the_fault_before_it_counts()
    {
        var limits = SessionProbe.Unlimited with { Message = 1000 };
        var zeros = Zlib.Deflate(new byte[1000]);
        Assert.Single(Receive(limits, Takeover, Compressed(zeros, 2)).Events);
        Receive(limits, Takeover, Compressed(Zlib.Deflate(new byte[1001]), 2)).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
        Receive(limits, Takeover, Compressed(Zlib.Deflate(new byte[1 << 20]), 2)).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
        byte[] text = [.. new byte[999].Select(static _ => (byte)'a'), 0xFF, 0xFF];
        Receive(limits, Takeover, Compressed(Zlib.Deflate(text))).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server);
        byte[] late = [.. new byte[1000].Select(static _ => (byte)'a'), 0xFF];
        Receive(limits, Takeover, Compressed(Zlib.Deflate(late))).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
    }

    [Fact]
    public void Bomb_in_the_last_fragment_closes_with_1009()
    {
        var bomb = Zlib.Deflate(new byte[1 << 20]);
        var blocks = Zlib.DeflateAll([new byte[100], new byte[1 << 20]]);
        var limits = SessionProbe.Unlimited with { Message = 65536 };
        Receive(limits, Takeover, Compressed([.. blocks[0], 0, 0, 0xFF, 0xFF], 2, fin: false), TestFrame.Build(0, blocks[1])).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
        var fragments = bomb.Select((octet, i) => TestFrame.Build(i == 0 ? 2 : 0, [octet], false, i == 0 ? 4 : 0)).ToArray();
        Receive(limits, Takeover, fragments).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
    }

    [Fact]
    public void Message_of_the_limit_that_does_not_compress_is_taken()
    {
        var noise = new byte[65536];
        new Random(1).NextBytes(noise);
        var limits = SessionProbe.Unlimited with { Message = noise.Length };
        foreach (var level in Enum.GetValues<CompressionLevel>())
        {
            Assert.Equal(["Binary " + Convert.ToHexStringLower(noise)], Receive(limits, Takeover, Compressed(Zlib.Deflate(noise, level), 2)).Events);
        }
    }

    [Theory]
    [InlineData(65536UL + 16384 + 1024 + 1)]
    [InlineData(1UL << 62)]
    public void Announced_length_no_message_can_need_closes_on_the_header(ulong length)
    {
        var limits = SessionProbe.Unlimited with { Message = 65536 };
        Receive(limits, Takeover, TestFrame.Build(2, [], rsv: 4, announced: length)).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
        Receive(limits, Takeover, Compressed([0], 2, fin: false), TestFrame.Build(0, [], announced: length)).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
    }

    [Fact]
    public void Empty_blocks_without_end_are_counted_as_bytes()
    {
        // Each fragment is whole blocks of nothing.
        var nothing = Enumerable.Repeat(new byte[] { 0, 0, 0, 0xFF, 0xFF }, 20).SelectMany(static block => block).ToArray();
        var limits = SessionProbe.Unlimited with { Message = 1000, Fragments = int.MaxValue };
        byte[][] frames = [Compressed(nothing, 2, fin: false), .. Enumerable.Repeat(TestFrame.Build(0, nothing, false), 30)];
        Receive(limits, Takeover, frames).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
    }

    [Fact]
    public void Fragments_of_a_compressed_message_are_counted()
    {
        var limits = SessionProbe.Unlimited with { Fragments = 3 };
        Receive(limits, Takeover, Compressed([], fin: false), TestFrame.Build(0, [], false), TestFrame.Build(0, [], false), TestFrame.Build(0, Hello)).AssertFailed(CloseCode.PolicyViolation, WebSocketRole.Server);
        Assert.Single(Receive(limits, Takeover, Compressed([], fin: false), TestFrame.Build(0, [], false), TestFrame.Build(0, Hello)).Events);
    }

    [Fact]
    public void Conversations_right_and_wrong_give_the_same_events_in_every_segmentation()
    {
        var payload = Gen.OneOf(
            Gen.String[0, 60].Select(text => text.Length == 0 ? [0] : Zlib.Deflate(Encoding.UTF8.GetBytes(text))),
            Gen.Byte.Array[0, 30],
            Gen.Int[1, 2000].Select(length => Zlib.Deflate(new byte[length])),
            Gen.Const(HelloAgain));
        var frame =
            from bytes in payload
            from opcode in Gen.Frequency((20, Gen.OneOf(0, 1, 2)), (4, Gen.OneOf(9, 10)))
            from fin in Gen.Frequency((3, Gen.Const(true)), (1, Gen.Const(false)))
            from rsv in Gen.Frequency((20, Gen.Const(opcode is 1 or 2 ? 4 : 0)), (3, Gen.Const(0)), (1, Gen.Int[1, 7]))
            select TestFrame.Build(opcode, bytes.Length > 125 && opcode > 2 ? [] : bytes, fin, rsv);
        var limits = SessionProbe.Unlimited with { Message = 1500, Fragments = 4 };
        Gen.Select(frame.Array[1, 8], Gen.Bool).Sample((frames, takeover) => Receive(limits, takeover ? Takeover : NoTakeover, frames));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_one_role_sends_the_other_reads(bool takeover)
    {
        var parameters = (takeover ? Takeover : NoTakeover) with { Threshold = 10 };
        var time = new FakeTimeProvider();
        using var server = new WebSocketSession(WebSocketRole.Server, SessionProbe.Unlimited, time, parameters);
        using var client = new WebSocketSession(WebSocketRole.Client, SessionProbe.Unlimited, time, parameters);
        foreach (var (from, to) in new[] { (server, client), (client, server) })
        {
            foreach (var text in new[] { "short", new string('x', 100_000), "as long as ten", new string('x', 100_000), "" })
            {
                var sent = new RecordingHandler();
                from.Send(Opcode.Text, Encoding.UTF8.GetBytes(text), sent);
                var frame = Assert.Single(sent.Sent);
                Assert.Equal(text.Length >= 10 ? 0xC1 : 0x81, frame[0]);
                Assert.InRange(frame.Length, 0, Math.Max(text.Length + 20, 20) / (text.Length > 1000 ? 100 : 1));
                var received = new RecordingHandler();
                to.Receive(frame, received);
                Assert.Equal([$"Text \"{text}\""], received.Events);
            }
        }
    }

    [Fact]
    public void Session_without_contexts_costs_less_than_1_KiB_more_than_a_plain_one()
    {
        // All it allocates, in use or not; what is idle holds no more.
        Assert.InRange(Allocated(NoTakeover) - Allocated(null), 0, 1024);

        // The first rounds fill the pools.
        static long Allocated(DeflateParameters? parameters) => ThreadAllocation.Least(
            () =>
            {
                using var session = new WebSocketSession(WebSocketRole.Server, SessionProbe.Unlimited, TimeProvider.System, parameters);
                session.Receive(parameters is null ? TestFrame.Text("Hello") : Compressed(Hello), CountingHandler.Instance);
                session.Send(Opcode.Binary, new byte[5000], CountingHandler.Instance);
            },
            runs: 20);
    }

    [Fact]
    public void Handler_that_disposes_of_the_session_still_reads_the_message()
    {
        foreach (var end in new Action<WebSocketSession, RecordingHandler>[] { static (session, _) => session.Dispose(), static (session, handler) => session.Close(CloseCode.GoingAway, "", handler) })
        {
            var handler = new RecordingHandler();
            var session = new WebSocketSession(WebSocketRole.Server, SessionProbe.Unlimited, new FakeTimeProvider(), Takeover);
            handler.Message = _ => end(session, handler);
            session.Receive([.. Compressed(Hello), .. Compressed(HelloAgain)], handler);
            Assert.Equal("Text \"Hello\"", handler.Events[0]);
            Assert.Single(handler.Events, static line => line.StartsWith("Text", StringComparison.Ordinal));
            session.Dispose();
        }
    }

    private sealed class CountingHandler : IWebSocketHandler
    {
        public static readonly CountingHandler Instance = new();

        public void OnMessage(Opcode opcode, ReadOnlySpan<byte> payload) => Assert.Equal(5, payload.Length);

        public void OnPong(ReadOnlySpan<byte> payload) => Assert.Fail("No pong was sent.");

        public void OnClose(CloseCode code, string reason) => Assert.Fail("No close was sent.");

        public void OnSend(Opcode opcode, ReadOnlySpan<byte> frame) => Assert.Equal(Opcode.Binary, opcode);
    }
}
