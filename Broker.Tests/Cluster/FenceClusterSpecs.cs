using Akka.Remote.Transport;
using Broker.Node.Configuration.Options;
using Broker.Tests.Lanes;

namespace Broker.Tests.Cluster;

/// <summary>Pulses over real remoting: who may promise anything when links break.</summary>
public sealed class FenceClusterSpecs
{
    private static readonly LaneOptions One = new() { Count = 1 };

    /// <summary>Nobody is downed meanwhile.</summary>
    private const string Patience = "akka.cluster.split-brain-resolver.stable-after = 60s";

    [Fact]
    public async Task Node_that_can_hear_and_not_send_acknowledges_nothing_and_goes_on_when_it_can()
    {
        var nodes = await LaneNode.FormAsync(3, One, Patience, isFenced: true);
        await using var a = nodes[0];
        await using var b = nodes[1];
        await using var c = nodes[2];
        await Task.WhenAll(nodes.Select(OpenAsync));

        foreach (var other in new[] { a, b })
        {
            Assert.True(await c.ThrottleAsync(other, Blackhole.Instance, ThrottleTransportAdapter.Direction.Send));
        }

        await ClosedAsync(c);
        var waiting = c.Publish(0, "waits");
        await a.Publish(0, "majority").Completed.WaitAsync(LaneNode.Cancel);
        Assert.Equal("t=majority", await b.NextAsync(0));
        Assert.Equal("t=majority", await c.NextAsync(0));
        Assert.False(waiting.Completed.IsCompleted);
        Assert.True(a.Fence.IsOpen && b.Fence.IsOpen);

        foreach (var other in new[] { a, b })
        {
            Assert.True(await c.ThrottleAsync(other, Unthrottled.Instance, ThrottleTransportAdapter.Direction.Send));
        }

        await waiting.Completed.WaitAsync(LaneNode.Cancel);
        Assert.False(waiting.IsRefused);
    }

    [Fact]
    public async Task Node_downed_by_hand_shows_its_gap_elsewhere_only_after_its_own_fence_has_closed()
    {
        var nodes = await LaneNode.FormAsync(3, One, Patience, isFenced: true);
        await using var a = nodes[0];
        await using var b = nodes[1];
        await using var c = nodes[2];
        await Task.WhenAll(nodes.Select(OpenAsync));

        a.Cluster.Down(c.Address);
        Assert.Equal(FakeLaneTopics.Gap, await b.NextAsync(0));
        Assert.False(c.Fence.IsOpen);
    }

    private static async Task OpenAsync(LaneNode node) => await UntilAsync(() => node.Fence.IsOpen);

    private static async Task ClosedAsync(LaneNode node) => await UntilAsync(() => !node.Fence.IsOpen);

    /// <summary>The fence moves with the clock and tells nobody; it is looked at as lanes do.</summary>
    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
        {
            await timer.WaitForNextTickAsync(LaneNode.Cancel);
        }
    }
}
