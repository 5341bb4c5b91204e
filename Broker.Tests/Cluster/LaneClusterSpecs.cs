namespace Broker.Tests.Cluster;

public sealed class LaneClusterSpecs
{
    [Fact]
    public async Task Single_node_becomes_ready_alone()
    {
        await using var node = new LaneNode();
        Assert.False(node.Lanes.Gate.IsReady);
        await node.JoinAsync(node);
        await node.ReadyAsync();
        Assert.Equal("", node.Lanes.Gate.Reason);
        await node.Publish(0, "alone").Completed.WaitAsync(LaneNode.Cancel);
    }

    [Fact]
    public async Task Publishes_after_ready_arrive_once_and_in_order()
    {
        var nodes = await LaneNode.FormAsync(2);
        await using var a = nodes[0];
        await using var b = nodes[1];
        for (var n = 0; n < 10_000; n++)
        {
            a.Publish((uint)n % 2, $"{n}");
        }

        for (var n = 0; n < 10_000; n++)
        {
            Assert.Equal($"t={n}", await b.NextAsync(n % 2));
        }

        Assert.Equal(0, b.Lanes.Counters.Gaps);
        await b.Publish(1, "back").Completed.WaitAsync(LaneNode.Cancel);
        Assert.Equal("t=back", await a.NextAsync(1));
    }
}
