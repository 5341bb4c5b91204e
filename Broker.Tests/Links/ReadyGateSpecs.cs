using Broker.Node.Links;

namespace Broker.Tests.Links;

public sealed class ReadyGateSpecs
{
    private readonly ReadyGate _gate = new(2, TimeSpan.FromSeconds(30));

    private void Register()
    {
        _gate.LaneSubscribed(0);
        _gate.LaneSubscribed(1);
    }

    private void Require(params uint[] peers) => _gate.Require(peers.ToHashSet(), TimeSpan.Zero);

    [Fact]
    public void Gate_opens_alone_when_up_and_registered()
    {
        Assert.Equal("starting", _gate.Reason);
        Require();
        _gate.SelfUp();
        Assert.Contains("0 of 2 lanes", _gate.Reason, StringComparison.Ordinal);
        _gate.LaneSubscribed(0);
        Assert.False(_gate.IsReady);
        _gate.LaneSubscribed(1);
        Assert.True(_gate.IsReady);
        Assert.True(_gate.Ready.IsCompletedSuccessfully);
        Assert.Equal("", _gate.Reason);
    }

    [Fact]
    public void Gate_waits_for_every_lane_of_every_required_peer()
    {
        Register();
        Require(7, 8);
        _gate.SelfUp();
        _gate.LinkReady(0, 7);
        _gate.LinkReady(1, 7);
        _gate.LinkReady(0, 8);
        Assert.False(_gate.IsReady);
        Assert.Contains("1 node", _gate.Reason, StringComparison.Ordinal);
        _gate.LinkReady(1, 8);
        Assert.True(_gate.IsReady);
    }

    [Fact]
    public void Peer_greeted_before_it_was_required_counts()
    {
        Register();
        _gate.LinkReady(0, 7);
        _gate.LinkReady(1, 7);
        Require(7);
        _gate.SelfUp();
        Assert.True(_gate.IsReady);
    }

    [Fact]
    public void Unreachable_or_removed_peer_does_not_hold_the_gate()
    {
        Register();
        Require(7, 8);
        _gate.SelfUp();
        Require(7);
        Assert.False(_gate.IsReady);
        _gate.Forget(7);
        Assert.True(_gate.IsReady);
    }

    [Fact]
    public void Silent_peer_is_reported_once_and_holds_no_longer()
    {
        Register();
        Require(7);
        _gate.SelfUp();
        Assert.Empty(_gate.Expire(TimeSpan.FromSeconds(29)));
        Assert.False(_gate.IsReady);
        Assert.Equal([7u], _gate.Expire(TimeSpan.FromSeconds(30)));
        Assert.True(_gate.IsReady);
        Assert.Empty(_gate.Expire(TimeSpan.FromSeconds(31)));
    }

    [Fact]
    public void Replaced_lane_has_to_register_and_greet_again()
    {
        Register();
        _gate.LinkReady(0, 7);
        _gate.LinkReady(1, 7);
        _gate.LaneLost(1);
        Require(7);
        _gate.SelfUp();
        _gate.LaneSubscribed(1);
        Assert.False(_gate.IsReady);
        _gate.LinkReady(1, 7);
        Assert.True(_gate.IsReady);
    }

    [Fact]
    public void Open_gate_is_not_shut_by_new_members_and_closes_for_ever()
    {
        Register();
        _gate.SelfUp();
        Require(7);
        Assert.True(_gate.IsReady);
        Assert.False(_gate.Closed.IsCompleted);
        _gate.Close("draining");
        Assert.True(_gate.Closed.IsCompletedSuccessfully);
        Assert.False(_gate.IsReady);
        Assert.Equal("draining", _gate.Reason);
        _gate.SelfUp();
        _gate.Close("stopped");
        Assert.False(_gate.IsReady);
        Assert.Equal("draining", _gate.Reason);
    }
}
