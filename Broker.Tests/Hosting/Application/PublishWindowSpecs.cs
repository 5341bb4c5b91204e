using System.Text;
using Broker.Node;
using Broker.Node.Hosting.Application;
using Broker.Node.Topics;
using Broker.Tests.Clients;
using Broker.Tests.Cluster;

namespace Broker.Tests.Hosting.Application;

/// <summary>Publishes of the application to a partition that does not move.</summary>
public sealed class PublishWindowSpecs : RealClientSpecs
{
    private const string Stuck = "chat.stuck";

    [Fact]
    public async Task Publishes_to_a_partition_that_stands_still_wait_in_order_and_hold_up_no_other()
    {
        await using var node = await InProcessNode.StartAsync(Cancellation);
        var other = Enumerable.Range(0, int.MaxValue).Select(static n => $"chat.{n}").First(topic => LaneOf(topic) != LaneOf(Stuck));
        var release = node.HoldLane(Stuck, Cancellation);
        const int Room = PublishWindows.Concurrent + PublishWindows.MaxWaitingSequenced;
        var publishes = Enumerable.Range(1, Room).Select(n => node.Api.PublishAsync(new Publication { Topic = Stuck, Data = Encoding.UTF8.GetBytes($"{n}") })).ToArray();

        Assert.Equal(PublishResult.Unavailable, await node.Api.PublishAsync(Stuck, "one more", cancellationToken: Cancellation));
        Assert.Equal(PublishResult.Published, await node.Api.PublishAsync(other, "goes on", cancellationToken: Cancellation));
        Assert.DoesNotContain(publishes, static publish => publish.IsCompleted);
        release.SetResult();

        var receipts = await Task.WhenAll(publishes).WaitAsync(Cancellation);
        Assert.Equal(Enumerable.Range(1, Room).Select(static n => (long)n), receipts.Select(static receipt => receipt.Position!.Offset));

        int LaneOf(string topic) => TopicName.Lane(TopicName.Hash(Encoding.UTF8.GetBytes(topic)), node.Lanes.Count);
    }
}
