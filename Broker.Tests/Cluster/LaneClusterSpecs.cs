using Akka.Actor;
using Akka.Cluster;
using Akka.Remote.Transport;
using Broker.Node.Configuration.Options;
using Broker.Node.Links;
using Broker.Tests.Lanes;

namespace Broker.Tests.Cluster;

public sealed class LaneClusterSpecs
{
    private static readonly LaneOptions One = new() { Count = 1 };

    /// <summary>Unreachable soon, and nobody is downed meanwhile.</summary>
    private const string Partitions = """
        akka.cluster.failure-detector { heartbeat-interval = 200ms
          acceptable-heartbeat-pause = 1s
          expected-response-after = 200ms }
        akka.cluster.split-brain-resolver.stable-after = 60s
        """;

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
        var nodes = await LaneNode.FormAsync(2, new LaneOptions { Count = 2 });
        await using var a = nodes[0];
        await using var b = nodes[1];
        for (var n = 0; n < 10_000; n++)
        {
            a.Publish((uint)n % 2, $"#{n}");
        }

        for (var n = 0; n < 10_000; n++)
        {
            Assert.Equal($"t=#{n}", await b.NextAsync(n % 2));
        }

        Assert.Equal(0, b.Lanes.Counters.Gaps);
        b.Publish(1, "back");
        Assert.Equal("t=back", await a.NextAsync(1));
    }

    [Fact]
    public async Task Message_of_a_mebibyte_arrives()
    {
        var nodes = await LaneNode.FormAsync(2, One);
        await using var a = nodes[0];
        await using var b = nodes[1];
        foreach (var size in new[] { 100 * 1024, 127 * 1024, 128 * 1024, 129 * 1024, 1024 * 1024 })
        {
            a.Publish(0, new string('x', size));
            Assert.Equal(size + 2, (await b.NextAsync(0)).Length);
        }
    }

    [Fact]
    public async Task Two_nodes_joining_at_once_hear_each_other_from_ready_on()
    {
        await using var seed = new LaneNode(One);
        await seed.JoinAsync(seed);
        await seed.ReadyAsync();
        await using var b = new LaneNode(One);
        await using var c = new LaneNode(One);
        await Task.WhenAll(b.JoinAsync(seed), c.JoinAsync(seed));
        await Task.WhenAll(PublishWhenReadyAsync(b, "b"), PublishWhenReadyAsync(c, "c"));
        b.Publish(0, "b-last");
        c.Publish(0, "c-last");
        await AssertHeardAsync(b, "c-last");
        await AssertHeardAsync(c, "b-last");
        await AssertHeardAsync(seed, "b-last", "c-last");

        static async Task PublishWhenReadyAsync(LaneNode node, string name)
        {
            await node.ReadyAsync();
            node.Publish(0, $"{name}-first");
        }

        static async Task AssertHeardAsync(LaneNode node, params string[] frames)
        {
            var missing = frames.Select(frame => $"t={frame}").ToHashSet();
            while (missing.Count > 0)
            {
                var line = await node.NextAsync(0);
                missing.Remove(line);
            }
        }
    }

    [Fact]
    public async Task Everything_published_after_a_joining_node_is_ready_arrives_there()
    {
        await using var a = new LaneNode(One);
        await a.JoinAsync(a);
        await a.ReadyAsync();
        using var stop = new CancellationTokenSource();
        var published = -1;
        var publisher = Task.Run(
            async () =>
            {
                for (var n = 0; !stop.IsCancellationRequested; n++)
                {
                    var command = a.Publish(0, $"#{n}");
                    Volatile.Write(ref published, n);
                    await command.Completed;
                }
            },
            LaneNode.Cancel);
        await using var b = new LaneNode(One);
        await b.JoinAsync(a);
        await b.ReadyAsync();
        var from = Volatile.Read(ref published) + 1;
        await a.Publish(0, "mark").Completed.WaitAsync(LaneNode.Cancel);
        await stop.CancelAsync();
        await publisher;
        await a.Publish(0, "end").Completed.WaitAsync(LaneNode.Cancel);

        var lines = new List<string>();
        string line;
        do
        {
            lines.Add(line = await b.NextAsync(0));
        }
        while (line != "t=end");
        var numbers = lines.Where(text => text is not ("t=mark" or "t=end" or FakeLaneTopics.Gap)).Select(text => int.Parse(text[3..], null)).SkipWhile(n => n < from).ToList();
        Assert.Equal(Enumerable.Range(from, published - from + 1), numbers);
        Assert.DoesNotContain(FakeLaneTopics.Gap, lines.SkipWhile(text => text != $"t=#{from}"));
    }

    [Fact]
    public async Task Short_blackout_loses_nothing_shows_no_gap_and_harms_nobody_else()
    {
        var nodes = await LaneNode.FormAsync(3, One);
        await using var a = nodes[0];
        await using var b = nodes[1];
        await using var c = nodes[2];
        Assert.True(await a.ThrottleAsync(b, Blackhole.Instance));
        for (var n = 0; n < 300; n++)
        {
            a.Publish(0, $"#{n}");
            Assert.Equal($"t=#{n}", await c.NextAsync(0));
        }

        Assert.True(await a.ThrottleAsync(b, Unthrottled.Instance));
        for (var n = 0; n < 300; n++)
        {
            Assert.Equal($"t=#{n}", await b.NextAsync(0));
        }

        Assert.True(a.Lanes.Counters.Resent > 0);
        Assert.Equal(0, b.Lanes.Counters.Gaps);
    }

    [Fact]
    public async Task Peer_that_takes_nothing_is_skipped_and_sees_a_gap_when_it_returns()
    {
        var nodes = await LaneNode.FormAsync(2, new LaneOptions { Count = 1, Window = 256 * 1024 });
        await using var a = nodes[0];
        await using var b = nodes[1];
        a.Publish(0, "before");
        Assert.Equal("t=before", await b.NextAsync(0));
        Assert.True(await a.ThrottleAsync(b, Blackhole.Instance));
        FakePublish last = a.Publish(0, "first");
        for (var n = 0; n < 200; n++)
        {
            last = a.Publish(0, new string('x', 10_000));
        }

        await last.Completed.WaitAsync(TimeSpan.FromSeconds(5), LaneNode.Cancel);
        Assert.Equal(1, a.Lanes.Counters.Skips);
        Assert.InRange(a.Lanes.Counters.MessagesLost, 1, 201);
        Assert.True(await a.ThrottleAsync(b, Unthrottled.Instance));
        await AssertGapThenAsync(a, b);
    }

    [Fact]
    public async Task Unreachable_node_is_skipped_at_once_and_sees_a_gap_after_healing()
    {
        var nodes = await LaneNode.FormAsync(2, new LaneOptions { Count = 1, Window = 64 * 1024, SkipAfter = TimeSpan.FromMinutes(1) }, Partitions);
        await using var a = nodes[0];
        await using var b = nodes[1];
        Assert.True(await a.ThrottleAsync(b, Blackhole.Instance));
        Assert.True(await b.ThrottleAsync(a, Blackhole.Instance));
        FakePublish last = a.Publish(0, "first");
        for (var n = 0; n < 20; n++)
        {
            last = a.Publish(0, new string('x', 10_000));
        }

        // The window is full and time does not end the wait: only the loss of reachability does.
        await last.Completed.WaitAsync(TimeSpan.FromSeconds(15), LaneNode.Cancel);
        Assert.Equal(0, a.Lanes.Counters.Skips);
        Assert.True(a.Lanes.Counters.MessagesLost > 0);
        Assert.True(await b.ThrottleAsync(a, Unthrottled.Instance));
        Assert.True(await a.ThrottleAsync(b, Unthrottled.Instance));
        await AssertGapThenAsync(a, b);
        Assert.True(a.Lanes.Gate.IsReady);
    }

    [Fact]
    public async Task Node_removed_without_goodbye_is_a_gap_on_every_lane()
    {
        var nodes = await LaneNode.FormAsync(2, new LaneOptions { Count = 2 });
        await using var a = nodes[0];
        await nodes[1].DisposeAsync();
        a.Cluster.Down(nodes[1].Address);
        Assert.Equal(FakeLaneTopics.Gap, await a.NextAsync(0));
        Assert.Equal(FakeLaneTopics.Gap, await a.NextAsync(1));
    }

    [Fact]
    public async Task Node_that_said_goodbye_leaves_no_gap()
    {
        var nodes = await LaneNode.FormAsync(3, One);
        await using var a = nodes[0];
        await using var c = nodes[2];
        var b = nodes[1];
        var removed = a.Signal(member => member is ClusterEvent.MemberRemoved);
        b.Publish(0, "last");
        Assert.True(await b.Lanes.GoodbyeAsync(TimeSpan.FromSeconds(5)));
        Assert.False(b.Lanes.Gate.IsReady);
        await b.Cluster.LeaveAsync(LaneNode.Cancel);
        await b.DisposeAsync();
        await removed.WaitAsync(TimeSpan.FromSeconds(15), LaneNode.Cancel);
        await c.Publish(0, "after").Completed.WaitAsync(LaneNode.Cancel);
        Assert.Equal("t=last", await a.NextAsync(0));
        Assert.Equal("t=after", await a.NextAsync(0));
        Assert.Equal(0, a.Lanes.Counters.Gaps);
        Assert.True(a.Lanes.Gate.IsReady);
    }

    [Fact]
    public async Task Failed_lane_is_reported_replaced_and_shows_as_gap_elsewhere()
    {
        var nodes = await LaneNode.FormAsync(2, One);
        await using var a = nodes[0];
        await using var b = nodes[1];
        a.Publish(0, "before");
        Assert.Equal("t=before", await b.NextAsync(0));
        await a.Publish(0, "fail").Completed.WaitAsync(LaneNode.Cancel);
        Assert.Equal(0, await a.Failed.Task.WaitAsync(LaneNode.Cancel));
        await AssertGapThenAsync(a, b);
        var back = FakeLaneTopics.Gap;
        for (var n = 0; back == FakeLaneTopics.Gap && n < 5; n++)
        {
            b.Publish(0, "back");
            back = await a.NextAsync(0);
        }

        Assert.Equal("t=back", back);
    }

    [Fact]
    public async Task Message_that_cannot_be_serialized_does_not_break_the_association()
    {
        var nodes = await LaneNode.FormAsync(2, One);
        await using var a = nodes[0];
        await using var b = nodes[1];
        var target = a.System.ActorSelection(new RootActorPath(b.Address) / "user" / "lanes");
        target.Tell(new Unserializable());
        target.Tell(new Unregistered());
        a.Publish(0, "after");
        Assert.Equal("t=after", await b.NextAsync(0));
        Assert.Equal(0, a.Lanes.Counters.Resent);
    }

    /// <summary>What is published on a after a loss arrives on b, after a gap.</summary>
    private static async Task AssertGapThenAsync(LaneNode a, LaneNode b)
    {
        using var stop = new CancellationTokenSource();
        var publisher = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await a.Publish(0, "after").Completed;
                    await Task.Yield();
                }
            },
            LaneNode.Cancel);
        string line;
        do
        {
            line = await b.NextAsync(0);
            Assert.NotEqual("t=after", line);
        }
        while (line != FakeLaneTopics.Gap);
        do
        {
            line = await b.NextAsync(0);
        }
        while (line != "t=after");
        await stop.CancelAsync();
        await publisher;
    }

    private sealed class Unserializable : IBrokerMessage;

    private sealed class Unregistered;
}
