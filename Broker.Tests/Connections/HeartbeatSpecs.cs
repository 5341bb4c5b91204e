using Broker.Node.Connections;

namespace Broker.Tests.Connections;

public sealed class HeartbeatSpecs
{
    private Heartbeat _heartbeat = new(started: 1000, interval: 25, timeout: 8);

    [Fact]
    public void Nothing_is_due_before_the_interval() => Assert.Equal(HeartbeatAction.None, _heartbeat.Next(1024, 1000, false));

    [Fact]
    public void A_ping_is_due_after_the_interval_and_an_answer_within_the_timeout()
    {
        Assert.Equal(HeartbeatAction.Ping, _heartbeat.Next(1025, 1000, false));
        Assert.Equal(1033, _heartbeat.Due);
    }

    [Fact]
    public void A_peer_silent_since_the_ping_is_cut()
    {
        _heartbeat.Next(1025, 1000, false);

        Assert.Equal(HeartbeatAction.Cut, _heartbeat.Next(1033, 1024, false));
    }

    [Fact]
    public void Any_byte_since_the_ping_counts_and_the_next_ping_keeps_the_interval()
    {
        _heartbeat.Next(1025, 1000, false);

        Assert.Equal(HeartbeatAction.None, _heartbeat.Next(1033, 1026, false));
        Assert.Equal(1050, _heartbeat.Due);
        Assert.Equal(HeartbeatAction.Ping, _heartbeat.Next(1050, 1026, false));
    }

    [Fact]
    public void The_clock_stands_still_while_this_side_holds_reading()
    {
        _heartbeat.Next(1025, 1000, false);

        Assert.Equal(HeartbeatAction.None, _heartbeat.Next(1033, 1000, readingHeld: true));
        Assert.Equal(1041, _heartbeat.Due);
        Assert.Equal(HeartbeatAction.Cut, _heartbeat.Next(1041, 1000, false));
    }
}
