using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Session;

/// <summary>What a peer may cost: sizes, fragments, time, control frames, memory.</summary>
public sealed class WebSocketLimitSpecs
{
    private static readonly WebSocketLimits Small = SessionProbe.Unlimited with { Message = 200 };

    private static SessionProbe Receive(WebSocketLimits limits, params byte[][] frames) =>
        SessionProbe.Receive(WebSocketRole.Server, [.. frames.SelectMany(frame => frame)], limits);

    [Fact]
    public void Message_at_the_limit_is_accepted_and_one_more_byte_closes_with_1009()
    {
        Assert.Single(Receive(Small, TestFrame.Build(2, new byte[200])).Events);
        Receive(Small, TestFrame.Build(2, new byte[201])).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
        Assert.Single(Receive(Small, TestFrame.Build(2, new byte[150], false), TestFrame.Build(0, new byte[50])).Events);
        Receive(Small, TestFrame.Build(2, new byte[150], false), TestFrame.Build(0, new byte[51])).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
        Assert.Equal(2, Receive(Small, TestFrame.Build(2, new byte[150]), TestFrame.Build(2, new byte[150])).Events.Count);
    }

    [Theory]
    [InlineData(201UL)]
    [InlineData(65536UL)]
    [InlineData(1UL << 32)]
    [InlineData(long.MaxValue)]
    public void Announced_length_over_the_limit_closes_on_the_header_even_before_the_mask(ulong length)
    {
        var header = TestFrame.Build(2, [], announced: length);
        Receive(Small, header).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
        Receive(Small, header[..^4]).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
        Receive(Small, TestFrame.Build(2, [1], false), TestFrame.Build(0, [], announced: length)).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server);
    }

    [Fact]
    public void Announced_length_allocates_nothing()
    {
        var header = TestFrame.Build(2, [], announced: 1 << 30);
        var limits = new WebSocketLimits { Message = int.MaxValue };
        var sessions = Enumerable.Range(0, 100).Select(_ => new WebSocketSession(WebSocketRole.Server, limits, TimeProvider.System)).ToArray();
        var handler = new RecordingHandler();
        var next = 0;
        Assert.Equal(0, ThreadAllocation.Least(() => sessions[next++].Receive(header, handler), sessions.Length));
        Assert.All(sessions, session => Assert.Equal(WebSocketState.Open, session.State));
    }

    [Fact]
    public void Buffer_grows_with_what_was_received()
    {
        byte[] start = [.. TestFrame.Build(2, [], announced: 1 << 30), .. new byte[1000]];
        var handler = new RecordingHandler();
        var limits = new WebSocketLimits { Message = int.MaxValue };
        var sessions = Enumerable.Range(0, 10).Select(_ => new WebSocketSession(WebSocketRole.Server, limits, TimeProvider.System)).ToArray();
        var copies = sessions.Select(_ => start.ToArray()).ToArray();
        var next = 0;

        // None is disposed meanwhile: the pool has no buffer of one for the next.
        Assert.InRange(ThreadAllocation.Least(() => sessions[next].Receive(copies[next++], handler), sessions.Length), 0, 4096);
        Assert.All(sessions, static session =>
        {
            Assert.Equal(WebSocketState.Open, session.State);
            session.Dispose();
        });
    }

    [Theory]
    [InlineData("the rest of the message")]
    [InlineData("a fault")]
    [InlineData("the peer's close")]
    [InlineData("the own close")]
    [InlineData("disposal")]
    public void Buffers_go_back_to_the_pool_at(string end)
    {
        // 60,000 bytes in two fragments and half a ping. What is not given back shows as 64 KiB of allocation a round.
        byte[] start = [.. TestFrame.Build(2, new byte[30_000], false), .. TestFrame.Build(0, new byte[30_000], false), .. TestFrame.Build(9, new byte[100])[..50]];
        var time = new FakeTimeProvider();
        long allocated = 0;
        for (var round = 0; round < 60; round++)
        {
            var input = start.ToArray();
            var rest = TestFrame.Build(9, new byte[100])[50..];
            var last = end switch
            {
                "the rest of the message" => TestFrame.Build(0, []),
                "a fault" => TestFrame.Build(3, []),
                "the peer's close" => TestFrame.Close(1000),
                _ => [],
            };
            var session = new WebSocketSession(WebSocketRole.Server, new WebSocketLimits { ControlFrames = 0 }, time);
            var before = GC.GetAllocatedBytesForCurrentThread();
            session.Receive(input, NullHandler.Instance);
            if (end == "disposal")
            {
                session.Dispose();
            }

            session.Receive(rest, NullHandler.Instance);
            session.Receive(last, NullHandler.Instance);
            if (end == "the own close")
            {
                session.Close(CloseCode.GoingAway, "", NullHandler.Instance);
            }

            // The first rounds fill the pool.
            allocated += round < 10 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.InRange(allocated, 0, 50 * 8192);
    }

    [Fact]
    public void Raised_limit_applies_from_the_next_header()
    {
        byte[] input = [.. TestFrame.Text("auth"), .. TestFrame.Build(2, new byte[300])];
        SessionProbe.Receive(WebSocketRole.Server, input, Small).AssertFailed(CloseCode.MessageTooBig, WebSocketRole.Server, "Text \"auth\"");
        var raised = SessionProbe.Receive(WebSocketRole.Server, input, Small, (session, handler) => handler.Message = _ => session.MessageLimit = 300);
        Assert.Equal(2, raised.Events.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Fragment_1025_closes_with_1008(int size)
    {
        var payload = new byte[size];
        byte[][] fragments = [TestFrame.Build(2, payload, false), .. Enumerable.Repeat(TestFrame.Build(0, payload, false), 1022)];
        var whole = Receive(new WebSocketLimits(), [.. fragments, TestFrame.Build(0, payload), TestFrame.Build(2, payload, false)]);
        Assert.Equal([$"Binary {new string('0', 2 * 1024 * size)}"], whole.Events);
        Assert.Equal(WebSocketState.Open, whole.State);

        var probe = Receive(new WebSocketLimits(), [.. fragments, TestFrame.Build(0, payload, false), TestFrame.Build(0, payload)]);
        probe.AssertFailed(CloseCode.PolicyViolation, WebSocketRole.Server);
        Assert.EndsWith(Convert.ToHexStringLower("abuse"u8), probe.Events[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("02", true)] // one byte of a header
    [InlineData("0281000000", true)] // header without the last byte
    [InlineData("028100000000", false)] // header, no payload
    [InlineData("02810000000041", false)] // a fragment
    [InlineData("028000000000", false)] // an empty fragment
    [InlineData("82820000000041", false)] // half a frame
    [InlineData("02810000000041898000000000", false)] // a ping since
    [InlineData("82810000000041", true)] // a whole message
    [InlineData("", true)]
    public void Message_is_unfinished_from_its_first_header_to_its_last_byte(string hex, bool isFinished)
    {
        using var session = new WebSocketSession(WebSocketRole.Server, new WebSocketLimits(), TimeProvider.System);
        session.Receive(Convert.FromHexString(hex), new RecordingHandler());
        Assert.Equal(!isFinished, session.InMessage);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(10)]
    public void Control_frames_have_a_burst_of_twice_their_rate(int opcode)
    {
        var time = new FakeTimeProvider();
        var handler = new RecordingHandler();
        using var session = new WebSocketSession(WebSocketRole.Server, new WebSocketLimits(), time);
        Flood(session, handler, opcode, 40);
        time.Advance(TimeSpan.FromSeconds(1));
        Flood(session, handler, opcode, 20);
        time.Advance(TimeSpan.FromSeconds(100));
        Flood(session, handler, opcode, 40);
        Assert.Equal(100, handler.Events.Count);
        Assert.Null(session.Failure);
        Flood(session, handler, opcode, 1);
        Assert.Equal(CloseCode.PolicyViolation, session.Failure);
        Assert.Equal("sent Close 880703f06162757365", handler.Events[^1]);
        Assert.Equal(101, handler.Events.Count);
    }

    [Fact]
    public void Control_frames_are_unlimited_at_0_and_messages_never_count()
    {
        var handler = new RecordingHandler();
        using var unlimited = new WebSocketSession(WebSocketRole.Server, new WebSocketLimits { ControlFrames = 0 }, new FakeTimeProvider());
        using var limited = new WebSocketSession(WebSocketRole.Server, new WebSocketLimits { ControlFrames = 1 }, new FakeTimeProvider());
        Flood(unlimited, handler, 9, 10_000);
        Flood(limited, handler, 2, 10_000);
        Assert.Equal((null, null, 20_000), (unlimited.Failure, limited.Failure, handler.Events.Count));
    }

    [Fact]
    public void Control_frame_rate_is_the_same_in_every_segmentation() =>
        Receive(new WebSocketLimits(), [.. Enumerable.Repeat(TestFrame.Build(10, [1]), 50)])
            .AssertFailed(CloseCode.PolicyViolation, WebSocketRole.Server, [.. Enumerable.Repeat("Pong 01", 40)]);

    private static void Flood(WebSocketSession session, RecordingHandler handler, int opcode, int count)
    {
        for (var i = 0; i < count; i++)
        {
            session.Receive(TestFrame.Build(opcode, [1]), handler);
        }
    }

    private sealed class NullHandler : IWebSocketHandler
    {
        public static readonly NullHandler Instance = new();

        public void OnMessage(Opcode opcode, ReadOnlySpan<byte> payload) => Assert.Equal(60_000, payload.Length);

        public void OnPong(ReadOnlySpan<byte> payload) => Assert.Fail("No pong was sent.");

        public void OnClose(CloseCode code, string reason) => Assert.Equal(CloseCode.NormalClosure, code);

        public void OnSend(Opcode opcode, ReadOnlySpan<byte> frame) => Assert.NotEqual(Opcode.Text, opcode);
    }
}
