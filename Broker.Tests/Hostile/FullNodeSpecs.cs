using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A node with all the connections it may have.</summary>
public sealed class FullNodeSpecs
{
    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task A_full_node_is_not_ready_refuses_the_next_and_serves_those_it_has()
    {
        // Two are the canary's.
        await using var node = await HostileNode.StartAsync(HostileNode.Open + "broker.limits.connections = 4\n");
        await using var first = await node.ClientAsync();
        Assert.True(node.Health.Ready);
        await using var last = await node.ClientAsync();
        Assert.Equal((false, "no room for connections"), (node.Health.Ready, node.Health.Reason));
        var before = node.Metrics.All;
        for (var i = 0; i < 5; i++)
        {
            await using var refused = await node.DialAsync();
            await HostileNode.SendUntilCutAsync(refused, [RawWebSocket.UpgradeRequest("a")]);
            await refused.ReadResponseAsync(Cancel);
            Assert.Equal(503, refused.Status);
            Assert.InRange(int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), 1, 5);
            await node.Canary.BeatAsync();
            await HostileNode.RoundTripAsync(first);
            await HostileNode.RoundTripAsync(last);
        }

        Assert.Equal(["broker.connections.refused total = 5"], node.Metrics.Since(before));
        await HostileNode.LeaveAsync(first);
        await Eventually.IsTrueAsync(() => node.Health.Ready, "ready again");
        await using var next = await node.ClientAsync();
        await HostileNode.LeaveAsync(next);
        await HostileNode.LeaveAsync(last);
        await node.IsUnharmedAsync();
    }
}
