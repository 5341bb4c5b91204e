using System.Diagnostics;
using System.Text.Json;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>What goes over the links between nodes: so much that they are full, and next to nothing while 200,000 topics are still.</summary>
public sealed class SequencedLinkSpecs : ProcessClusterSpecs
{
    private const int ManyTopics = 200_000;
    private const string Large = """
        broker.limits { message = 2m, api-message = 2m, topics = 300000, inbound = 16m }
        broker.memory.history = 1g
        broker.rate { messages = 1000000, burst = 1000000 }
        """;

    private static readonly string[] Topics = [.. Enumerable.Range(1, 12).Select(static i => $"seq.n{i}")];

    /// <summary>Pulses and heartbeats go over the same link.</summary>
    [LongFact]
    public async Task Links_full_of_large_messages_end_nobody()
    {
        Configure($"{RecordedRun.Settings}\n{Large}\nbroker.topics = [ {{ match = \"seq.full.>\", delivery = sequenced, history {{ size = 4 }} }}, {{ match = \"seq.>\", delivery = sequenced, presence = on, history {{ size = 100000 }} }} ]");
        var network = Owned(await TestNetwork.CreateAsync(3, Cancellation));
        var nodes = await StartOnAsync(network);
        var run = Owned(new RecordedRun(Topics, (ended, _) => StartOnAgainAsync(network, ended), 1, Cancellation));
        run.Begin(nodes);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        await network.SlowAsync(1, 200, Cancellation);
        run.Befalls("flood", "n1");
        using var flood = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sent = network.SentBytes(1);
        var began = Stopwatch.GetTimestamp();
        var flooding = Task.WhenAll(Enumerable.Range(0, 4).Select(i => FloodAsync(nodes[0], $"seq.full.{i}", flood.Token)));
        await run.PassAsync(40);
        Report($"{(network.SentBytes(1) - sent) * 8 / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds:F0} Mbit/s of 200 Mbit/s");
        await flood.CancelAsync();
        var (published, refused) = (await flooding).Aggregate((0, 0), static (sum, one) => (sum.Item1 + one.Published, sum.Item2 + one.Refused));
        Report($"{published} messages of 1 MiB, {refused} refused");
        Assert.NotEqual(0, published);
        Assert.Empty(run.CountEnded());
        Assert.All(nodes, static node => Assert.DoesNotContain("UNREACHABLE", node.Output, StringComparison.Ordinal));
        await run.AcknowledgedAsync();
        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        run.Check("full-links");
    }

    [LongFact]
    public async Task Many_topics_that_are_still_cost_little_and_a_new_node_gets_its_share()
    {
        Configure($"{RecordedRun.Settings}\n{Large}");
        var network = Owned(await TestNetwork.CreateAsync(4, Cancellation));
        var nodes = await StartOnAsync(network, hosts: 3);
        var publishing = Stopwatch.GetTimestamp();
        await Task.WhenAll(nodes.Select((node, i) => PublishToManyAsync(node, Enumerable.Range(0, ManyTopics).Where(topic => topic % 3 == i))));
        Report($"{ManyTopics} topics in {Stopwatch.GetElapsedTime(publishing).TotalSeconds:F0} s");

        // Nothing to wait for: a time in which nothing happens is what is looked at.
        using var still = new PeriodicTimer(TimeSpan.FromSeconds(20));
        await still.WaitForNextTickAsync(Cancellation);
        var before = Enumerable.Range(1, 3).Select(network.SentBytes).ToArray();
        await still.WaitForNextTickAsync(Cancellation);
        var idle = before.Select((sent, i) => (network.SentBytes(i + 1) - sent) / 20.0).ToArray();
        Report($"each node sends, in bytes a second: {string.Join(", ", idle.Select(static rate => rate.ToString("F0", System.Globalization.CultureInfo.InvariantCulture)))}");
        Assert.All(idle, static rate => Assert.InRange(rate, 0, 1_000_000));

        var joining = Stopwatch.GetTimestamp();
        var fourth = await StartOnHostAsync(network, 4);
        Report($"the fourth is ready after {Stopwatch.GetElapsedTime(joining).TotalSeconds:F1} s");
        var held = network.SentBytes(4);
        await UntilStillAsync(network);
        var joined = Stopwatch.GetElapsedTime(joining);
        Report($"nodes are still again after {joined.TotalSeconds:F1} s; it has sent {network.SentBytes(4) - held} bytes");
        Assert.True(joined < TimeSpan.FromSeconds(ManyTopics / 10_000 * 3));
        await using var client = await JsonClient.ConnectAsync(fourth.WebSocket, Cancellation, options => options.SetRequestHeader("Authorization", $"Bearer {RecordedRun.Token("many")}"));
        foreach (var topic in Enumerable.Range(0, 500))
        {
            var page = await client.RequestAsync(new() { ["type"] = "history", ["topic"] = Name(topic * 400), ["limit"] = 10 }, Cancellation);
            Assert.Equal(topic * 400, Assert.Single(page.GetProperty("messages").EnumerateArray()).GetProperty("data").GetInt32());
        }

        Assert.All(nodes.Append(fourth), static node => Assert.False(node.Ended.IsCompleted));
    }

    /// <summary>Until no node sends more than when all is still, for three seconds.</summary>
    private async Task UntilStillAsync(TestNetwork network)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var still = 0; still < 3;)
        {
            var before = Enumerable.Range(1, 4).Sum(network.SentBytes);
            await second.WaitForNextTickAsync(Cancellation);
            still = Enumerable.Range(1, 4).Sum(network.SentBytes) - before < 1_000_000 ? still + 1 : 0;
        }
    }

    private static string Name(int topic) => $"seq.m{topic}";

    private async Task PublishToManyAsync(NodeProcess node, IEnumerable<int> topics)
    {
        await using var client = await JsonClient.ConnectAsync(node.WebSocket, Cancellation, options => options.SetRequestHeader("Authorization", $"Bearer {RecordedRun.Token("many")}"));
        foreach (var chunk in topics.Chunk(250))
        {
            await client.SendAsync(chunk.Select(static topic => new { type = "publish", topic = Name(topic), data = topic, id = topic }).ToArray(), Cancellation);
            for (var answered = 0; answered < chunk.Length;)
            {
                var answer = await client.ReceiveAsync(Cancellation);
                Assert.True(JsonClient.TypeOf(answer) != "error", $"{answer}");
                answered += JsonClient.TypeOf(answer) == "published" ? 1 : 0;
            }
        }
    }

    private static async Task<(int Published, int Refused)> FloodAsync(NodeProcess node, string topic, CancellationToken cancellation)
    {
        var (published, refused) = (0, 0);
        await using var client = await JsonClient.ConnectAsync(node.WebSocket, cancellation, options => options.SetRequestHeader("Authorization", $"Bearer {RecordedRun.Token("flood")}"));
        var message = JsonSerializer.SerializeToUtf8Bytes(new { type = "publish", topic, data = new string('x', 1 << 20), id = 1 });
        const int Open = 4;
        try
        {
            for (var i = 0; ; i++)
            {
                await client.SendAsync(message, System.Net.WebSockets.WebSocketMessageType.Text, cancellation);
                if (i >= Open)
                {
                    var isPublished = JsonClient.TypeOf(await client.ReceiveAsync(cancellation)) == "published";
                    (published, refused) = (published + (isPublished ? 1 : 0), refused + (isPublished ? 0 : 1));
                }
            }
        }
        catch (OperationCanceledException)
        {
            return (published, refused);
        }
    }
}
