using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Session;

/// <summary>Messages and control frames. Every rule is checked for both roles: what one end sends is what the other receives.</summary>
public sealed class WebSocketSessionSpecs
{
    public static TheoryData<WebSocketRole> Roles => [WebSocketRole.Server, WebSocketRole.Client];

    private static byte[] Frame(WebSocketRole receiver, int opcode, byte[] payload, bool fin = true, int rsv = 0, int? lengthBytes = null, ulong? announced = null) =>
        TestFrame.Build(opcode, payload, fin, rsv, receiver == WebSocketRole.Server, lengthBytes, announced);

    private static SessionProbe Receive(WebSocketRole role, params byte[][] frames) => SessionProbe.Receive(role, [.. frames.SelectMany(frame => frame)]);

    [Theory]
    [MemberData(nameof(Roles))]
    public void Messages_of_every_length_form_arrive_in_order(WebSocketRole role)
    {
        foreach (var length in (int[])[0, 1, 125, 126, 127, 1000, 65535, 65536, 70000])
        {
            var payload = new byte[length];
            new Random(length).NextBytes(payload);
            var probe = Receive(role, Frame(role, 2, payload), Frame(role, 1, "é"u8.ToArray()), Frame(role, 2, payload));
            var binary = $"Binary {Convert.ToHexStringLower(payload)}";
            Assert.Equal([binary, "Text \"é\"", binary], probe.Events);
            Assert.Equal((WebSocketState.Open, null), (probe.State, probe.Failure));
        }
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void Fragments_become_one_message_with_control_frames_between(WebSocketRole role)
    {
        var probe = Receive(
            role,
            Frame(role, 1, [0xE2], fin: false),
            Frame(role, 10, [1]),
            Frame(role, 0, [0x82], fin: false),
            Frame(role, 0, [], fin: false),
            Frame(role, 10, []),
            Frame(role, 0, [0xAC, (byte)'!']),
            Frame(role, 2, [7], fin: false),
            Frame(role, 0, []),
            Frame(role, 1, [], fin: false),
            Frame(role, 0, []));
        Assert.Equal(["Pong 01", "Pong ", "Text \"€!\"", "Binary 07", "Text \"\""], probe.Events);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    public void Ping_is_answered_with_its_own_data(int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);

        // 8A: FIN, pong; the length; the data
        var pong = $"8a{length:x2}{Convert.ToHexStringLower(data)}";
        var probe = Receive(WebSocketRole.Server, Frame(WebSocketRole.Server, 9, data), Frame(WebSocketRole.Server, 1, [(byte)'x'], fin: false), Frame(WebSocketRole.Server, 9, data));
        Assert.Equal([$"sent Pong {pong}", $"sent Pong {pong}"], probe.Events);
    }

    [Fact]
    public void Client_masks_what_it_sends_with_new_keys()
    {
        var handler = new RecordingHandler();
        using var client = new WebSocketSession(WebSocketRole.Client, SessionProbe.Unlimited, TimeProvider.System);
        client.Send(Opcode.Binary, new byte[8], handler);
        client.Send(Opcode.Binary, new byte[8], handler);
        client.Receive(Frame(WebSocketRole.Client, 9, [1, 2]), handler);
        client.Close(CloseCode.NormalClosure, "bye", handler);
        Assert.All(handler.Sent, frame => Assert.True(frame[1] >= 0x80));
        Assert.NotEqual(handler.Sent[0], handler.Sent[1]);
        var server = SessionProbe.Receive(WebSocketRole.Server, [.. handler.Sent.SelectMany(frame => frame)]);
        Assert.Equal(["Binary 0000000000000000", "Binary 0000000000000000", "Pong 0102", "closed 1000 \"bye\"", "sent Close 880203e8"], server.Events);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(300)]
    [InlineData(70000)]
    public void Message_sent_by_one_role_is_received_by_the_other(int length)
    {
        var text = new string('x', length);
        foreach (var (sender, receiver) in (ReadOnlySpan<(WebSocketRole, WebSocketRole)>)[(WebSocketRole.Server, WebSocketRole.Client), (WebSocketRole.Client, WebSocketRole.Server)])
        {
            var handler = new RecordingHandler();
            using var session = new WebSocketSession(sender, SessionProbe.Unlimited, TimeProvider.System);
            session.Send(Opcode.Text, System.Text.Encoding.UTF8.GetBytes(text), handler);
            Assert.Equal([$"Text \"{text}\""], SessionProbe.Receive(receiver, handler.Sent[0]).Events);
        }
    }

    [Fact]
    public void Send_refuses_what_is_no_whole_frame()
    {
        var handler = new RecordingHandler();
        using var session = new WebSocketSession(WebSocketRole.Server, SessionProbe.Unlimited, TimeProvider.System);
        Assert.Throws<ArgumentException>(() => session.Send(Opcode.Close, [], handler));
        Assert.Throws<ArgumentException>(() => session.Send(Opcode.Continuation, [], handler));
        Assert.Throws<ArgumentException>(() => session.Send(Opcode.Ping, new byte[126], handler));
        Assert.Empty(handler.Events);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    public void Frame_masked_against_the_role_closes_with_1002(int opcode)
    {
        SessionProbe.Receive(WebSocketRole.Server, TestFrame.Build(opcode, [3, 0xE8], masked: false)).AssertFailed(CloseCode.ProtocolError, WebSocketRole.Server);
        SessionProbe.Receive(WebSocketRole.Client, TestFrame.Build(opcode, [3, 0xE8], masked: true)).AssertFailed(CloseCode.ProtocolError, WebSocketRole.Client);
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void Reserved_bits_close_with_1002_on_every_opcode(WebSocketRole role)
    {
        foreach (var rsv in (int[])[1, 2, 4, 7])
        {
            foreach (var opcode in (int[])[1, 2, 8, 9, 10])
            {
                Receive(role, Frame(role, opcode, [3, 0xE8], rsv: rsv)).AssertFailed(CloseCode.ProtocolError, role);
            }

            Receive(role, Frame(role, 1, [], fin: false), Frame(role, 0, [], rsv: rsv)).AssertFailed(CloseCode.ProtocolError, role);
        }
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void Reserved_opcodes_close_with_1002_in_and_out_of_a_message(WebSocketRole role)
    {
        foreach (var opcode in (int[])[3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
        {
            Receive(role, Frame(role, opcode, [])).AssertFailed(CloseCode.ProtocolError, role);
            Receive(role, Frame(role, 1, [1], fin: false), Frame(role, opcode, [])).AssertFailed(CloseCode.ProtocolError, role);
        }
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void Control_frame_that_is_long_or_fragmented_closes_with_1002(WebSocketRole role)
    {
        foreach (var opcode in (int[])[8, 9, 10])
        {
            Receive(role, Frame(role, opcode, new byte[126])).AssertFailed(CloseCode.ProtocolError, role);
            Receive(role, Frame(role, opcode, new byte[70000])).AssertFailed(CloseCode.ProtocolError, role);
            Receive(role, Frame(role, opcode, [1, 2], lengthBytes: 2)).AssertFailed(CloseCode.ProtocolError, role);
            Receive(role, Frame(role, opcode, [3, 0xE8], fin: false)).AssertFailed(CloseCode.ProtocolError, role);
        }
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void Broken_fragmentation_closes_with_1002(WebSocketRole role)
    {
        Receive(role, Frame(role, 0, [1])).AssertFailed(CloseCode.ProtocolError, role);
        Receive(role, Frame(role, 0, [1], fin: false)).AssertFailed(CloseCode.ProtocolError, role);
        Receive(role, Frame(role, 2, []), Frame(role, 0, [])).AssertFailed(CloseCode.ProtocolError, role, "Binary ");
        foreach (var second in (int[])[1, 2])
        {
            Receive(role, Frame(role, 1, [1], fin: false), Frame(role, second, [1])).AssertFailed(CloseCode.ProtocolError, role);
            Receive(role, Frame(role, 1, [], fin: false), Frame(role, second, [], fin: false)).AssertFailed(CloseCode.ProtocolError, role);
        }
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void Length_that_is_not_minimal_closes_with_1002(WebSocketRole role)
    {
        Receive(role, Frame(role, 1, new byte[5], lengthBytes: 2)).AssertFailed(CloseCode.ProtocolError, role);
        Receive(role, Frame(role, 1, new byte[200], lengthBytes: 8)).AssertFailed(CloseCode.ProtocolError, role);
        Receive(role, Frame(role, 1, [], lengthBytes: 8, announced: 1UL << 63)).AssertFailed(CloseCode.ProtocolError, role);
        Receive(role, Frame(role, 1, [], lengthBytes: 8, announced: ulong.MaxValue)).AssertFailed(CloseCode.ProtocolError, role);
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void Nothing_is_delivered_after_a_failure(WebSocketRole role) =>
        Receive(role, Frame(role, 2, [1]), Frame(role, 3, []), Frame(role, 2, [2]), Frame(role, 9, []), Frame(role, 8, [3, 0xE8]))
            .AssertFailed(CloseCode.ProtocolError, role, "Binary 01");

    [Fact]
    public void Kind_that_is_not_allowed_closes_with_1003()
    {
        var text = SessionProbe.Unlimited with { AllowBinary = false };
        var binary = SessionProbe.Unlimited with { AllowText = false };
        foreach (var fin in (bool[])[true, false])
        {
            SessionProbe.Receive(WebSocketRole.Server, TestFrame.Build(2, [1], fin), text).AssertFailed(CloseCode.UnsupportedData, WebSocketRole.Server);
            SessionProbe.Receive(WebSocketRole.Server, TestFrame.Build(1, [1], fin), binary).AssertFailed(CloseCode.UnsupportedData, WebSocketRole.Server);
        }

        Assert.Equal(["Text \"a\""], SessionProbe.Receive(WebSocketRole.Server, TestFrame.Text("a"), text).Events);
        Assert.Equal(["Binary 01"], SessionProbe.Receive(WebSocketRole.Server, [.. TestFrame.Build(2, [], false), .. TestFrame.Build(0, [1])], binary).Events);
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("EDA080")]
    [InlineData("C080")]
    [InlineData("F4908080")]
    [InlineData("FE")]
    [InlineData("41C3")]
    [InlineData("80")]
    public void Invalid_UTF8_in_a_text_closes_with_1007(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        foreach (var role in (WebSocketRole[])[WebSocketRole.Server, WebSocketRole.Client])
        {
            Receive(role, Frame(role, 1, bytes)).AssertFailed(CloseCode.InvalidPayloadData, role);
            Receive(role, Frame(role, 1, bytes, fin: false), Frame(role, 0, [])).AssertFailed(CloseCode.InvalidPayloadData, role);
            Receive(role, Frame(role, 1, [], fin: false), Frame(role, 0, bytes)).AssertFailed(CloseCode.InvalidPayloadData, role);
            Assert.Equal([$"Binary {hex.ToLowerInvariant()}"], Receive(role, Frame(role, 2, bytes)).Events);
        }
    }

    [Fact]
    public void Invalid_UTF8_in_an_unfinished_fragment_closes_at_once() =>
        SessionProbe.Receive(WebSocketRole.Server, TestFrame.Build(1, [0x41, 0xED, 0xA0], fin: false)).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server);

    [Fact]
    public void Invalid_UTF8_in_an_unfinished_frame_closes_at_the_wrong_byte()
    {
        var frame = TestFrame.Build(1, [0x41, 0xCE, 0xBA, 0xED, 0xA0, 0x80, 0x42, 0x42]);
        for (var length = 1; length < frame.Length; length++)
        {
            var handler = new RecordingHandler();
            using var session = new WebSocketSession(WebSocketRole.Server, SessionProbe.Unlimited, TimeProvider.System);
            session.Receive(frame.AsSpan(0, length).ToArray(), handler);

            // 6 bytes of header, then 41 CE BA ED are fine and A0 is the fifth of the payload.
            Assert.Equal(length >= 6 + 5 ? CloseCode.InvalidPayloadData : null, session.Failure);
        }
    }

    [Fact]
    public void Text_cut_inside_its_code_points_arrives_whole()
    {
        var text = "κόσμε 😀 \uffff \0"u8.ToArray();
        for (var cut = 0; cut <= text.Length; cut++)
        {
            var probe = Receive(WebSocketRole.Server, TestFrame.Build(1, text.AsSpan(0, cut), false), TestFrame.Build(9, []), TestFrame.Build(0, text.AsSpan(cut)));
            Assert.Equal(["sent Pong 8a00", "Text \"κόσμε 😀 \uffff \0\""], probe.Events);
        }
    }

    [Fact]
    public void Message_in_one_frame_is_handed_on_without_a_copy_or_an_allocation()
    {
        var frames = TestFrame.Text(new string('x', 100)).Concat(TestFrame.Build(2, new byte[500])).ToArray();
        var handler = new CountingHandler();
        using var session = new WebSocketSession(WebSocketRole.Server, SessionProbe.Unlimited, TimeProvider.System);
        session.Receive(frames.ToArray(), handler);
        var copies = Enumerable.Range(0, 100).Select(_ => frames.ToArray()).ToArray();
        var next = 0;
        Assert.Equal(0, ThreadAllocation.Least(() => session.Receive(copies[next++], handler), copies.Length));
        Assert.Equal(202, handler.Messages);
    }

    [Fact]
    public void Idle_session_is_under_200_bytes()
    {
        var sessions = new WebSocketSession[100];
        var time = new FakeTimeProvider();
        var next = 0;
        Assert.InRange(
            ThreadAllocation.Least(() => sessions[next++] = new WebSocketSession(WebSocketRole.Server, SessionProbe.Unlimited, time), sessions.Length),
            50,
            199);
        GC.KeepAlive(sessions);
    }

    private sealed class CountingHandler : IWebSocketHandler
    {
        public int Messages { get; private set; }

        public void OnMessage(Opcode opcode, ReadOnlySpan<byte> payload) => Messages++;

        public void OnPong(ReadOnlySpan<byte> payload) => Assert.Fail("No pong was sent.");

        public void OnClose(CloseCode code, string reason) => Assert.Fail("No close was sent.");

        public void OnSend(Opcode opcode, ReadOnlySpan<byte> frame) => Assert.Fail("There is nothing to send.");
    }
}
