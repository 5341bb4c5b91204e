using Broker.Tests.Checker.Making;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Checker.Recording;

/// <summary>What clients of a real cluster do and see, recorded and checked.</summary>
public sealed class RecordedClusterSpecs : IAsyncLifetime
{
    private const int Share = 40;
    private static readonly string[] Topics = ["recorded.news", "recorded.ticks"];

    private readonly HistoryRecorder _recorder = new();
    private readonly Dictionary<string, InProcessNode> _nodes = [];
    private readonly List<RecordingClient> _clients = [];
    private readonly Dictionary<(string Publisher, string Topic), string> _last = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_clients.Select(static client => client.DisposeAsync().AsTask()));
        await Task.WhenAll(_nodes.Values.Select(static node => node.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task Clients_of_a_cluster_that_loses_a_node_in_order_see_what_may_be()
    {
        foreach (var topic in Topics)
        {
            _recorder.Add(new HistoryEvent(EventKind.Topic, 0) { Topic = topic, Sequenced = false });
        }

        await StartAsync("n1");
        await Task.WhenAll(StartAsync("n2", "n1"), StartAsync("n3", "n1"));
        var staying = new[] { await ListenAsync("s1", "n1"), await ListenAsync("s3", "n3") };
        var going = await ListenAsync("s2", "n2");
        var leaving = await ListenAsync("s4", "n1");
        var talkers = new[] { await ConnectAsync("p1", "n1"), await ConnectAsync("p2", "n2"), await ConnectAsync("p3", "n3") };
        await Task.WhenAll(TalkAsync(talkers[0], "p1", 0), TalkAsync(talkers[1], "p2", 0), TalkAsync(talkers[2], "p3", 0));

        var stopping = StopAsync("n2");
        await Task.WhenAll(TalkAsync(talkers[0], "p1", 1), TalkToEndAsync(talkers[1], "p2"), TalkAsync(talkers[2], "p3", 1), LeaveAsync(leaving, Topics[0], "p3-1-10"));
        await going.Ended.WaitAsync(Deadline.Cancel);
        var back = await ListenAsync("s2", "n3");
        var again = await ConnectAsync("p2", "n3");
        await Task.WhenAll(TalkAsync(talkers[0], "p1", 2), TalkAsync(again, "p2", 2), stopping);
        await TalkAsync(talkers[2], "p3", 3);

        foreach (var topic in Topics)
        {
            await ProbeAsync(topic, "n1");
            await ProbeAsync(topic, "n3");
        }

        await Task.WhenAll(staying.Append(back).SelectMany(client => _last.Select(last => client.SeenAsync(last.Key.Topic, last.Value))));
        AssertValid([.. _recorder.Events]);
    }

    private static void AssertValid(List<HistoryEvent> history)
    {
        var violations = HistoryChecker.Check(history);
        if (violations.Count > 0)
        {
            var file = Path.Combine(Directory.CreateDirectory(Path.Combine(SourceTree.Root, "TestResults")).FullName, "recorded-cluster.jsonl");
            using (var text = new StreamWriter(file))
            {
                HistoryText.Write(history, text);
            }

            Assert.Fail($"{violations.Count} in {file}\n{string.Join('\n', violations.Take(10))}");
        }

        Assert.True(history.Count(static what => what.Kind == EventKind.Published) > 5 * Share);
        Assert.Contains(history, static what => what is { Kind: EventKind.Closed, Code: "1012" });
        Assert.Contains(history, static what => what.Kind == EventKind.Unsubscribed);
        Assert.DoesNotContain(history, static what => what.Kind == EventKind.Gap);

        // It would have been seen.
        var draft = new Draft(history, new Random(1));
        Assert.True(DeliveryMutations.DropBroadcast(draft));
        Assert.Contains(HistoryChecker.Check(draft.Changed), static violation => violation.Invariant == Invariant.Contiguity);
    }

    private async Task StartAsync(string name, params string[] seeds)
    {
        var node = await InProcessNode.StartAsync(Deadline.Cancel, [.. seeds.Select(seed => _nodes[seed].Seed)]);
        lock (_nodes)
        {
            _nodes.Add(name, node);
        }

        _recorder.Add(new HistoryEvent(EventKind.Fault, 0) { Code = "start", Names = [name] });
    }

    private async Task StopAsync(string name)
    {
        _recorder.Add(new HistoryEvent(EventKind.Fault, 0) { Code = "stop", Names = [name] });
        _nodes.Remove(name, out var node);
        await node!.DisposeAsync();
    }

    private async Task<RecordingClient> ConnectAsync(string name, string node)
    {
        var client = await RecordingClient.ConnectAsync(_recorder, name, node, _nodes[node].WebSocket, Deadline.Cancel);
        _clients.Add(client);
        return client;
    }

    private async Task<RecordingClient> ListenAsync(string name, string node)
    {
        var client = await ConnectAsync(name, node);
        foreach (var topic in Topics)
        {
            Assert.Equal(EventKind.Subscribed, (await client.SubscribeAsync(topic)).Kind);
        }

        return client;
    }

    /// <summary>Unsubscribes at that message, in the middle of others.</summary>
    private static async Task LeaveAsync(RecordingClient client, string topic, string id)
    {
        await client.SeenAsync(topic, id);
        await client.UnsubscribeAsync(topic);
    }

    private async Task TalkAsync(RecordingClient client, string name, int round)
    {
        for (var i = 0; i < Share; i++)
        {
            Assert.Equal(EventKind.Published, (await PublishAsync(client, name, Topics[i % 2], $"{name}-{round}-{i}")).Kind);
        }
    }

    /// <summary>Until the node has closed the connection.</summary>
    private async Task TalkToEndAsync(RecordingClient client, string name)
    {
        for (var i = 0; (await PublishAsync(client, name, Topics[i % 2], $"{name}-end-{i}")).Kind != EventKind.Lost; i++)
        {
        }
    }

    private async Task<HistoryEvent> PublishAsync(RecordingClient client, string name, string topic, string id)
    {
        var end = await client.PublishAsync(topic, id);
        if (end.Kind == EventKind.Published)
        {
            lock (_last)
            {
                _last[(name, topic)] = id;
            }
        }

        return end;
    }

    private async Task ProbeAsync(string topic, string node)
    {
        var call = _recorder.NextCall();
        _recorder.Add(new HistoryEvent(EventKind.Probe, 0) { Call = call, Topic = topic, Node = node });
        var client = await ListenAsync($"probe-{call}", node);
        Assert.Equal(EventKind.Published, (await PublishAsync(client, $"probe-{call}", topic, $"probe-{call}")).Kind);
        await client.SeenAsync(topic, $"probe-{call}");
        _recorder.Add(new HistoryEvent(EventKind.Probed, 0) { Call = call });
    }
}
