using Broker.Node.Connections;
using Broker.Node.Delivery;

namespace Broker.Tests.Connections;

public sealed class HeartbeatSpecs
{
    private static readonly OutputProgress Taken = new(100, IsEmpty: true);

    private Heartbeat _heartbeat = new(started: 1000, interval: 25, timeout: 8);

    [Fact]
    public void Other_times_count_from_the_change()
    {
        _heartbeat.Change(1010, 5, 3);
        Assert.Equal(1015, _heartbeat.Due);
        Assert.Equal(HeartbeatAction.Ping, _heartbeat.Next(1015, 1000, false, Taken));
        Assert.Equal(1018, _heartbeat.Due);
    }

    [Fact]
    public void Answer_that_is_waited_for_has_the_time_that_it_was_given()
    {
        _heartbeat.Next(1025, 1000, false, Taken);
        _heartbeat.Change(1026, 5, 3);
        Assert.Equal(1033, _heartbeat.Due);
    }

    [Fact]
    public void Nothing_is_due_before_the_interval() => Assert.Equal(HeartbeatAction.None, _heartbeat.Next(1024, 1000, false, Taken));

    [Fact]
    public void A_ping_is_due_after_the_interval_and_an_answer_within_the_timeout()
    {
        Assert.Equal(HeartbeatAction.Ping, _heartbeat.Next(1025, 1000, false, Taken));
        Assert.Equal(1033, _heartbeat.Due);
    }

    [Fact]
    public void A_peer_silent_since_the_ping_is_cut()
    {
        _heartbeat.Next(1025, 1000, false, Taken);

        Assert.Equal(HeartbeatAction.Cut, _heartbeat.Next(1033, 1024, false, Taken));
    }

    [Fact]
    public void Any_byte_since_the_ping_counts_and_the_next_ping_keeps_the_interval()
    {
        _heartbeat.Next(1025, 1000, false, Taken);

        Assert.Equal(HeartbeatAction.None, _heartbeat.Next(1033, 1026, false, Taken));
        Assert.Equal(1050, _heartbeat.Due);
        Assert.Equal(HeartbeatAction.Ping, _heartbeat.Next(1050, 1026, false, Taken));
    }

    [Fact]
    public void The_clock_stands_still_while_this_side_holds_reading()
    {
        _heartbeat.Next(1025, 1000, false, Taken);

        Assert.Equal(HeartbeatAction.None, _heartbeat.Next(1033, 1000, readingHeld: true, Taken));
        Assert.Equal(1041, _heartbeat.Due);
        Assert.Equal(HeartbeatAction.Cut, _heartbeat.Next(1041, 1000, false, Taken));
    }

    [Fact]
    public void A_peer_that_takes_output_lives_and_its_answer_is_due_when_it_has_taken_it()
    {
        Assert.Equal(HeartbeatAction.Ping, _heartbeat.Next(1025, 1000, false, new OutputProgress(100, IsEmpty: false)));
        Assert.Equal(HeartbeatAction.None, _heartbeat.Next(1033, 1000, false, new OutputProgress(200, IsEmpty: false)));
        Assert.Equal(1041, _heartbeat.Due);
        Assert.Equal(HeartbeatAction.None, _heartbeat.Next(1041, 1000, false, new OutputProgress(300, IsEmpty: true)));
        Assert.Equal(HeartbeatAction.Cut, _heartbeat.Next(1049, 1000, false, new OutputProgress(300, IsEmpty: true)));
    }

    [Fact]
    public void A_peer_that_stops_to_take_output_is_too_slow()
    {
        _heartbeat.Next(1025, 1000, false, new OutputProgress(100, IsEmpty: false));
        Assert.Equal(HeartbeatAction.Slow, _heartbeat.Next(1033, 1000, false, new OutputProgress(100, IsEmpty: false)));
    }

    /// <summary>What came after the ping is no excuse: with nothing before it, it has left.</summary>
    [Fact]
    public void Output_behind_the_ping_does_not_keep_a_silent_peer()
    {
        _heartbeat.Next(1025, 1000, false, Taken);
        Assert.Equal(HeartbeatAction.Cut, _heartbeat.Next(1033, 1000, false, new OutputProgress(100, IsEmpty: false)));
    }
}
