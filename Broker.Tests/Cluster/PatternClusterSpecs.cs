using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Subscriptions to patterns over three nodes.</summary>
public sealed class PatternClusterSpecs : ProcessClusterSpecs
{
    private const int Topics = 40;

    [Fact]
    public async Task What_any_node_acknowledges_after_subscribed_comes_and_a_dead_node_is_a_gap()
    {
        var nodes = await StartThreeAsync();
        var subscribers = new List<JsonClient>();
        foreach (var node in nodes)
        {
            subscribers.Add(await ConnectAsync(node));
            await subscribers[^1].SubscribeAsync("wild.*", Cancellation);
        }

        foreach (var (i, node) in nodes.Index())
        {
            var publisher = await ConnectAsync(node);
            for (var n = 0; n < Topics; n++)
            {
                await publisher.PublishAsync($"wild.{n}", i, Cancellation);
                await publisher.PublishAsync($"tame.{n}", i, Cancellation);
            }
        }

        var expected = Enumerable.Range(0, Topics).SelectMany(static n => Enumerable.Range(0, 3).Select(i => $"wild.{n} {i} wild.*")).Order(StringComparer.Ordinal).ToList();
        foreach (var subscriber in subscribers)
        {
            var received = new List<string>();
            while (received.Count < expected.Count)
            {
                var push = await subscriber.ReceiveAsync(Cancellation);
                received.Add($"{Text(push, "topic")} {push.GetProperty("data").GetInt32()} {Text(push, "pattern")}");
            }

            Assert.Equal(expected, received.Order(StringComparer.Ordinal));
        }

        nodes[2].Signal(UnixSignal.Kill);
        foreach (var subscriber in subscribers[..2])
        {
            var gap = await subscriber.ReceiveAsync(Cancellation);
            Assert.Equal(("gap", "wild.*", "wild.*"), (JsonClient.TypeOf(gap), Text(gap, "topic"), Text(gap, "pattern")));
        }
    }

    private static string? Text(JsonElement message, string name) => message.GetProperty(name).GetString();
}
