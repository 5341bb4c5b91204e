using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Session;

/// <summary>What a peer that stays within the framing can make a session allocate and compute.</summary>
public sealed class WebSocketCostSpecs : IWebSocketHandler
{
    private const int Limit = 64 * 1024;

    private int _messages;
    private int _sent;

    /// <summary>FR-14 and FR-15: everything the session allocates, so that it bounds what it holds at any moment.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    public void A_million_fragments_cost_no_more_than_a_message_and_64_KiB(int size)
    {
        var payload = Enumerable.Repeat((byte)'a', size).ToArray();
        byte[] first = TestFrame.Build(1, payload, fin: false);
        byte[] thousand = [.. Enumerable.Repeat(TestFrame.Build(0, payload, fin: false), 1000).SelectMany(static frame => frame)];
        var receive = new byte[thousand.Length];
        Run(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var session = Run(1000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Limit + Limit);
        Assert.Equal((CloseCode.PolicyViolation, WebSocketAbuse.Fragments), (session.Failure, session.Abuse));

        WebSocketSession Run(int times)
        {
            using var session = new WebSocketSession(WebSocketRole.Server, new WebSocketLimits(), new FakeTimeProvider());
            first.CopyTo(receive, 0);
            session.Receive(receive.AsSpan(0, first.Length), this);
            for (var i = 0; i < times; i++)
            {
                // It unmasks in place.
                thousand.CopyTo(receive, 0);
                session.Receive(receive, this);
            }

            return session;
        }
    }

    /// <summary>FR-13; processor time of the thread, the best of several.</summary>
    [Fact]
    public void A_message_byte_by_byte_costs_at_most_50_ms_and_three_times_its_length()
    {
        var frame = TestFrame.Build(1, Enumerable.Repeat((byte)'a', Limit).ToArray());
        var receive = new byte[frame.Length];
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 * Limit);
        Assert.InRange(ThreadTime.Best(10, Run), TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        Assert.Equal(12, _messages);

        void Run()
        {
            using var session = new WebSocketSession(WebSocketRole.Server, new WebSocketLimits(), new FakeTimeProvider());
            frame.CopyTo(receive, 0);
            for (var i = 0; i < receive.Length; i++)
            {
                session.Receive(receive.AsSpan(i, 1), this);
            }
        }
    }

    /// <summary>FR-11: what a flood of pings makes a session say, on one moment of the clock.</summary>
    [Fact]
    public void Ten_thousand_pings_are_answered_for_two_seconds_worth_and_allocate_nothing_each()
    {
        byte[] pings = [.. Enumerable.Repeat(TestFrame.Build(9, new byte[125]), 10_000).SelectMany(static frame => frame)];
        var receive = new byte[pings.Length];
        Run();
        _sent = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var session = Run();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024);
        Assert.Equal((CloseCode.PolicyViolation, WebSocketAbuse.ControlFrames), (session.Failure, session.Abuse));

        // Forty pongs and the close.
        Assert.Equal(41, _sent);

        WebSocketSession Run()
        {
            using var session = new WebSocketSession(WebSocketRole.Server, new WebSocketLimits(), new FakeTimeProvider());
            pings.CopyTo(receive, 0);
            session.Receive(receive, this);
            return session;
        }
    }

    void IWebSocketHandler.OnMessage(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        Assert.Equal(Limit, payload.Length);
        _messages++;
    }

    void IWebSocketHandler.OnPong(ReadOnlySpan<byte> payload) => Assert.Fail("no pong was sent");

    void IWebSocketHandler.OnClose(CloseCode code, string reason) => Assert.Fail("no close was sent");

    void IWebSocketHandler.OnSend(Opcode opcode, ReadOnlySpan<byte> frame) => _sent++;
}
