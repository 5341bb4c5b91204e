using System.Text;
using Broker.Node;
using Broker.Node.Topics;
using Broker.Tests.Hosting.Application;
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
        var release = node.HoldLane(Topic, Cancellation);

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

    [Fact]
    public async Task Application_is_told_that_what_it_asked_of_a_lane_that_failed_has_no_outcome()
    {
        await using var node = await InProcessNode.StartAsync(Cancellation);
        var topic = Enumerable.Range(0, int.MaxValue).Select(static n => $"chat.{n}").First(topic => IsOnTheLane(topic, node.Lanes.Count));
        var (reader, _) = await node.Api.OpenAsync(topic, Cancellation);
        var release = node.HoldLane(Topic, Cancellation);
        var publish = node.Api.PublishAsync(topic, 1, cancellationToken: Cancellation);
        var history = node.Api.HistoryAsync(topic, cancellationToken: Cancellation);
        Assert.True(node.Lanes.TryPost(new FakePublish(Topic, "not a command of these logs", Hash)));
        release.SetResult();

        Assert.Equal(PublishResult.Timeout, await publish.WaitAsync(Cancellation));
        Assert.Equal(QueryResult.Unavailable, (await history.WaitAsync(Cancellation)).Result);
        Assert.Equal(SubscriptionEnd.Lost, await reader.EndAsync());
        Assert.Equal(PublishResult.Published, await node.Api.PublishAsync(topic, 2, cancellationToken: Cancellation));
    }

    private static bool IsOnTheLane(string topic, int lanes) => TopicName.Lane(TopicName.Hash(Encoding.UTF8.GetBytes(topic)), lanes) == TopicName.Lane(Hash, lanes);
}
