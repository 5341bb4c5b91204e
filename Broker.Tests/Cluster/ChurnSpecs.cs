using System.Diagnostics;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Subscribers come and go for longer than anything about them is remembered: those that stay get all that is published afterwards.</summary>
public sealed class ChurnSpecs : ProcessClusterSpecs
{
    private const int ChurnersOfANode = 2;

    private static readonly TimeSpan Time = TimeSpan.FromSeconds(130);
    private static readonly string[] Topics = [.. Enumerable.Range(1, 20).Select(static i => $"seq.h{i}")];

    public ChurnSpecs() => Configure("""
        broker.topics = [ { match = "seq.>", delivery = sequenced, history { size = 100 } } ]
        broker.rate { messages = 1000000, burst = 1000000, control = 1000000, control-burst = 1000000 }
        """);

    [LongFact]
    public async Task Subscribers_that_stay_get_everything_after_others_came_and_went()
    {
        var nodes = await StartThreeAsync();
        List<Listener> staying = [];
        foreach (var node in nodes)
        {
            foreach (var topic in Topics)
            {
                staying.Add(await ListenAsync(node, topic));
            }
        }

        var began = Stopwatch.GetTimestamp();
        var changes = await Task.WhenAll(nodes.SelectMany(node => Enumerable.Range(0, ChurnersOfANode).Select(_ => ChurnAsync(node, began))));
        Report($"{changes.Sum() / Time.TotalSeconds:F0} subscribes and unsubscribes a second");
        foreach (var (i, node) in nodes.Index())
        {
            var client = await ConnectAsync(node);
            foreach (var topic in Topics)
            {
                for (var n = 0; n < 10; n++)
                {
                    await client.PublishAsync(topic, new { p = $"after-{i}", n, t = Stopwatch.GetTimestamp() }, Cancellation);
                }
            }
        }

        foreach (var listener in staying)
        {
            await listener.UntilAsync(it => nodes.Index().All(node => it.Last($"after-{node.Index}") == 9), Cancellation);
            Assert.Equal(0, listener.Gaps);
            Assert.Empty(listener.Faults);
            Assert.All(nodes.Index(), node => Assert.Equal(0, listener.Missed($"after-{node.Index}")));
        }

        Assert.All(nodes, static node => Assert.False(node.Ended.IsCompleted));
    }

    /// <summary>All topics at a time, each time until all is answered.</summary>
    private async Task<long> ChurnAsync(NodeProcess node, long began)
    {
        var client = await ConnectAsync(node);
        object[] round = [.. Topics.SelectMany(static topic => new object[] { new { type = "subscribe", topic }, new { type = "unsubscribe", topic } })];
        var changes = 0L;
        while (Stopwatch.GetElapsedTime(began) < Time)
        {
            await client.SendAsync(round, Cancellation);
            for (var answered = 0; answered < round.Length;)
            {
                var answer = JsonClient.TypeOf(await client.ReceiveAsync(Cancellation));
                Assert.NotEqual("error", answer);
                answered += answer is "subscribed" or "unsubscribed" ? 1 : 0;
            }

            changes += round.Length;
        }

        return changes;
    }
}
