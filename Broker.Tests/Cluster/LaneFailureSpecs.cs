using System.Text;
using Broker.Node;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Tests.Lanes;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>A lane of a whole node throws while it holds replies to a client.</summary>
public sealed class LaneFailureSpecs
{
    private const string Topic = "lane.failure";

    private static uint Hash => TopicName.Hash(Encoding.UTF8.GetBytes(Topic));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clients_of_a_lane_that_failed_are_closed_with_1011_and_the_lane_works_again()
    {
        await using var node = await InProcessNode.StartAsync(Cancellation);
        await using var subscriber = await JsonClient.ConnectAsync(node.WebSocket, Cancellation);
        await using var publisher = await JsonClient.ConnectAsync(node.WebSocket, Cancellation);
        await subscriber.SubscribeAsync(Topic, Cancellation);
        var release = HoldLane(node);

        // The pong comes from the connection itself: what it was sent before waits for the lane, in one batch with the failure.
        await publisher.SendAsync(new { type = "publish", topic = Topic, data = 1, id = "waiting" }, Cancellation);
        Assert.Equal("pong", JsonClient.TypeOf(await publisher.RequestAsync(new() { ["type"] = "ping" }, Cancellation)));
        Assert.True(node.Lanes.TryPost(new FakePublish(Topic, "not a command of these logs", Hash)));
        release.SetResult();

        foreach (var client in new[] { subscriber, publisher })
        {
            var last = (await client.ReadToCloseAsync(Cancellation))[^1];
            Assert.Equal("disconnecting", JsonClient.TypeOf(last));
            Assert.True(last.GetProperty("reconnect").GetBoolean());
            Assert.Equal(1011, (int?)client.CloseStatus);
        }

        await using var back = await JsonClient.ConnectAsync(node.WebSocket, Cancellation);
        await back.SubscribeAsync(Topic, Cancellation);
        await back.PublishAsync(Topic, "again", Cancellation);
        Assert.Equal("again", (await back.ReceiveAsync(Cancellation)).GetProperty("data").GetString());
    }

    /// <summary>The lane stands still, inside the completion of a command, until the result is set.</summary>
    private static TaskCompletionSource HoldLane(InProcessNode node)
    {
        var release = new TaskCompletionSource();
        var held = new TaskCompletionSource();
        var taken = new TaskCompletionSource<PublishResult>();
        taken.Task.ContinueWith(
            _ =>
            {
                held.SetResult();
                release.Task.Wait();
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        Assert.True(node.Lanes.TryPost(new PublishCommand(Hash, Encoding.UTF8.GetBytes(Topic), "0"u8.ToArray()) { Taken = taken }));
        held.Task.Wait(Cancellation);
        return release;
    }
}
