using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Tests.Support;

namespace Broker.Tests.Session;

/// <summary>The closing handshake: who starts it, with which code, and what comes after.</summary>
public sealed class WebSocketCloseSpecs
{
    public static TheoryData<int> ValidCodes => [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4001, 4999];

    public static TheoryData<int> InvalidCodes => [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];

    private static byte[] Close(WebSocketRole receiver, params byte[] payload) => TestFrame.Build(8, payload, masked: receiver == WebSocketRole.Server);

    [Theory]
    [MemberData(nameof(ValidCodes))]
    public void Peers_code_is_reported_and_echoed(int code)
    {
        var probe = SessionProbe.Receive(WebSocketRole.Server, [.. TestFrame.Close(code, "because é"), .. TestFrame.Text("late"), .. TestFrame.Close(1001)]);
        Assert.Equal([$"closed {code} \"because é\"", $"sent Close 8802{code:x4}"], probe.Events);
        Assert.Equal((WebSocketState.CloseReceived, null), (probe.State, probe.Failure));

        var client = SessionProbe.Receive(WebSocketRole.Client, TestFrame.Close(code, masked: false));
        Assert.Equal([$"closed {code} \"\"", "sent Close"], client.Events);
    }

    [Fact]
    public void Close_without_a_code_is_answered_without_one() =>
        Assert.Equal(["closed 1005 \"\"", "sent Close 8800"], SessionProbe.Receive(WebSocketRole.Server, Close(WebSocketRole.Server)).Events);

    [Theory]
    [MemberData(nameof(InvalidCodes))]
    public void Code_that_must_not_be_sent_closes_with_1002(int code)
    {
        foreach (var role in (WebSocketRole[])[WebSocketRole.Server, WebSocketRole.Client])
        {
            SessionProbe.Receive(role, TestFrame.Close(code, "x", role == WebSocketRole.Server)).AssertFailed(CloseCode.ProtocolError, role);
        }
    }

    [Fact]
    public void Close_with_one_byte_closes_with_1002() =>
        SessionProbe.Receive(WebSocketRole.Server, Close(WebSocketRole.Server, 3)).AssertFailed(CloseCode.ProtocolError, WebSocketRole.Server);

    [Theory]
    [InlineData("FF")]
    [InlineData("41C3")]
    [InlineData("EDA080")]
    public void Close_whose_reason_is_invalid_UTF8_closes_with_1007(string hex) =>
        SessionProbe.Receive(WebSocketRole.Server, Close(WebSocketRole.Server, [3, 0xE8, .. Convert.FromHexString(hex)])).AssertFailed(CloseCode.InvalidPayloadData, WebSocketRole.Server);

    [Fact]
    public void Close_of_125_bytes_is_accepted() =>
        Assert.Equal(2, SessionProbe.Receive(WebSocketRole.Server, TestFrame.Close(1000, new string('r', 123))).Events.Count);

    [Fact]
    public void Close_inside_a_fragmented_message_ends_it() =>
        Assert.Equal(
            ["closed 1000 \"\"", "sent Close 880203e8"],
            SessionProbe.Receive(WebSocketRole.Server, [.. TestFrame.Text("unfinished", fin: false), .. TestFrame.Close(1000), .. TestFrame.Build(0, [1])]).Events);

    [Fact]
    public void Own_close_is_sent_once_and_answered_without_a_reply()
    {
        var probe = SessionProbe.Receive(WebSocketRole.Server, TestFrame.Close(1000, "ok"), before: (session, handler) =>
        {
            session.Close(CloseCode.ServiceRestart, "restart", handler);
            session.Close(CloseCode.GoingAway, "", handler);
            session.Send(Opcode.Text, "late"u8, handler);
            Assert.Equal(WebSocketState.CloseSent, session.State);
        });

        // 88 09: FIN, close, 9 bytes; 03F4: 1012; "restart"
        Assert.Equal(["sent Close 880903f472657374617274", "closed 1000 \"ok\""], probe.Events);
        Assert.Equal((WebSocketState.Closed, null), (probe.State, probe.Failure));
    }

    [Fact]
    public void Data_and_pings_after_the_own_close_are_dropped_whatever_their_size()
    {
        var limits = SessionProbe.Unlimited with { Message = 10, AllowBinary = false, Fragments = 1, ControlFrames = 1 };
        byte[] input =
        [
            .. TestFrame.Build(2, new byte[300]),
            .. TestFrame.Build(1, [0xFF], fin: false),
            .. TestFrame.Build(9, [1]), .. TestFrame.Build(9, [1]), .. TestFrame.Build(10, []),
            .. TestFrame.Build(0, [], fin: false), .. TestFrame.Build(0, [0xFF]),
            .. TestFrame.Text("x"),
            .. TestFrame.Close(1001),
        ];
        var probe = SessionProbe.Receive(WebSocketRole.Server, input, limits, (session, handler) => session.Close(CloseCode.NormalClosure, "", handler));
        Assert.Equal(["sent Close 880203e8", "closed 1001 \"\""], probe.Events);
        Assert.Equal(WebSocketState.Closed, probe.State);
    }

    [Theory]
    [InlineData("8300")] // reserved opcode
    [InlineData("8100")] // not masked
    [InlineData("8081000000004141")] // continuation of nothing
    [InlineData("88810000000041")] // close of one byte
    public void Fault_after_the_own_close_fails_without_a_second_close(string hex)
    {
        var probe = SessionProbe.Receive(WebSocketRole.Server, Convert.FromHexString(hex), before: (session, handler) => session.Close(CloseCode.NormalClosure, "", handler));
        Assert.Equal(["sent Close 880203e8"], probe.Events);
        Assert.Equal((WebSocketState.Failed, CloseCode.ProtocolError), (probe.State, probe.Failure));
    }

    [Fact]
    public void Close_after_the_peers_close_does_nothing()
    {
        var handler = new RecordingHandler();
        using var session = new WebSocketSession(WebSocketRole.Server, SessionProbe.Unlimited, TimeProvider.System);
        session.Receive(TestFrame.Close(1000), handler);
        session.Close(CloseCode.GoingAway, "", handler);
        session.Send(Opcode.Text, "late"u8, handler);
        Assert.Equal(["closed 1000 \"\"", "sent Close 880203e8"], handler.Events);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Handler_may_close_or_dispose_inside_a_message(bool close)
    {
        var probe = SessionProbe.Receive(
            WebSocketRole.Server,
            [.. TestFrame.Text("first"), .. TestFrame.Text("second"), .. TestFrame.Build(9, [])],
            before: (session, handler) => handler.Message = payload =>
            {
                if (close)
                {
                    session.Close(CloseCode.PolicyViolation, "", handler);
                }
                else
                {
                    session.Dispose();
                }

                Assert.Equal("first"u8, payload);
            });
        Assert.Equal(close ? ["Text \"first\"", "sent Close 880203f0"] : ["Text \"first\""], probe.Events);
        Assert.Equal(close ? WebSocketState.CloseSent : WebSocketState.Closed, probe.State);
    }
}
