using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Lanes;

/// <summary>Replies about one topic come in the order of the requests, though some need the topic's lane and some do not.</summary>
public sealed class ReplyOrderSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_comes_after_unsubscribed_however_often_it_is_asked()
    {
        await using var node = await InProcessNode.StartAsync(Cancellation);
        await using var client = await JsonClient.ConnectAsync(node.WebSocket, Cancellation);
        await client.SubscribeAsync("order.a", Cancellation);
        var publishes = Enumerable.Range(0, 1000).Select(n => (object)new { type = "publish", topic = "order.a", data = n });
        await client.SendAsync(
            publishes.Concat([Unsubscribe("order.a", "first"), Unsubscribe("order.a", "second"), Unsubscribe("order.b", "other")]).ToArray(), Cancellation);

        var replies = new List<string>();
        while (replies.Count < 3)
        {
            var next = await client.ReceiveAsync(Cancellation);
            if (JsonClient.TypeOf(next) == "message")
            {
                Assert.DoesNotContain("first", replies);
                Assert.DoesNotContain("second", replies);
            }
            else
            {
                Assert.Equal("unsubscribed", JsonClient.TypeOf(next));
                replies.Add(next.GetProperty("id").GetString()!);
            }
        }

        Assert.True(replies.IndexOf("first") < replies.IndexOf("second"));
    }

    [Fact]
    public async Task Error_about_a_topic_does_not_overtake_the_answer_to_an_earlier_request()
    {
        await using var node = await InProcessNode.StartAsync(Cancellation);
        await using var client = await JsonClient.ConnectAsync(node.WebSocket, Cancellation);
        var requests = Enumerable.Range(0, 300).SelectMany(n => new object[]
        {
            new { type = "publish", topic = "order.a", data = n, id = 3 * n },
            new { type = "publish", topic = "order.a", data = n, key = "k", id = (3 * n) + 1 },
            new { type = "history", topic = "order.a", id = (3 * n) + 2 },
        });
        await client.SendAsync(requests.ToArray(), Cancellation);
        for (var id = 0; id < 900; id++)
        {
            var reply = await client.ReceiveAsync(Cancellation);
            Assert.Equal(id, reply.GetProperty("id").GetInt32());
            Assert.Equal(id % 3 == 0 ? "published" : "error", JsonClient.TypeOf(reply));
        }
    }

    private static object Unsubscribe(string topic, string id) => new { type = "unsubscribe", topic, id };
}
