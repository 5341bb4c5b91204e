using System.Net;
using System.Net.WebSockets;
using System.Text;
using Broker.Node.Auth;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Tests.Checker;
using Broker.Tests.Checker.Recording;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster.Faults;

/// <summary>
/// Nodes that faults befall while clients publish and listen, all of it recorded. Clients whose node does not serve any more come back
/// on another one. One fault at a time.
/// </summary>
/// <param name="topics">Sequenced, with presence and a history that nothing of the run falls out of.</param>
internal sealed class RecordedRun(IReadOnlyList<string> topics, Func<NodeProcess, NodeProcess, Task<NodeProcess>> startAgain, int seed, CancellationToken cancellation) : IAsyncDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, NodeProcess> _nodes = [];
    private readonly HashSet<string> _serving = [];
    private readonly List<RoamingPublisher> _publishers = [];
    private readonly List<RoamingSubscriber> _subscribers = [];

    /// <summary>Settings of the topics and of the users of a run.</summary>
    public const string Settings = $$"""
        broker {
          topics = [ { match = "seq.>", delivery = sequenced, presence = on, history { size = 100000 } } ]
          auth {
            keys = [ { algorithm = HS256, secret = "{{TokenForge.Secret}}" } ]
            default-rights { subscribe = [">"], publish = [">"], history = [">"], presence = [">"] }
          }
        }
        akka.cluster.sharding.rebalance-interval = 1s
        """;

    public HistoryRecorder Recorder { get; } = new();

    public IReadOnlyList<string> Topics => topics;

    public CancellationToken Cancellation => _ends.Token;

    public IReadOnlyList<RoamingPublisher> Publishers => _publishers;

    public IReadOnlyList<RoamingSubscriber> Subscribers => _subscribers;

    /// <summary>Nodes that were not killed or stopped, and do not stand still.</summary>
    public IReadOnlyList<string> Serving
    {
        get
        {
            lock (_gate)
            {
                return [.. _serving];
            }
        }
    }

    /// <param name="durable">What is acknowledged is there at last, whatever becomes of the epoch.</param>
    public void Begin(IEnumerable<NodeProcess> nodes, Predicate<string>? durable = null)
    {
        foreach (var topic in topics)
        {
            Recorder.Add(new HistoryEvent(EventKind.Topic, 0) { Topic = topic, Sequenced = true, Presence = true, Durable = durable?.Invoke(topic) ?? true });
        }

        foreach (var (i, node) in nodes.Index())
        {
            Started($"n{i + 1}", node);
        }
    }

    /// <summary>A publisher for each of so many users, and so many subscribers to all topics, dealt to the nodes.</summary>
    /// <param name="publishers">Publishers.</param>
    /// <param name="burst">Publishes of each of them in 20 ms.</param>
    /// <param name="subscribers">Subscribers.</param>
    public async Task LoadAsync(int publishers, int burst, int subscribers)
    {
        for (var i = 0; i < subscribers; i++)
        {
            _subscribers.Add(new RoamingSubscriber(this, $"s{i + 1}", $"n{(i % _nodes.Count) + 1}"));
        }

        await Task.WhenAll(_subscribers.Select(static subscriber => subscriber.Subscribed)).WaitAsync(cancellation);
        for (var i = 0; i < publishers; i++)
        {
            _publishers.Add(new RoamingPublisher(this, $"p{i + 1}", $"n{(i % _nodes.Count) + 1}", burst));
        }

        await AcknowledgedAsync();
    }

    /// <summary>Every topic has taken a publish that was made after the call.</summary>
    public Task AcknowledgedAsync() => Task.WhenAll(topics.Select(topic => Task.WhenAny(_publishers.Select(publisher => publisher.AcknowledgedAsync(topic))))).WaitAsync(cancellation);

    /// <summary>As long as publishers publish for so many seconds, answered or not.</summary>
    public Task PassAsync(double seconds) => Task.WhenAny(_publishers.Select(publisher => publisher.PassAsync((long)(seconds * RoamingPublisher.RoundsASecond)))).Unwrap().WaitAsync(cancellation);

    /// <summary>The nodes by their weight for a topic, named as <see cref="Begin"/> names them: its owner, its copy, and those who follow.</summary>
    public static async Task<string[]> RolesAsync(IReadOnlyList<NodeProcess> nodes, string topic, CancellationToken cancellation)
    {
        var partition = TopicName.PartitionOf(TopicName.Hash(Encoding.UTF8.GetBytes(topic)));
        var weights = new Dictionary<string, ulong>();
        foreach (var (i, node) in nodes.Index())
        {
            await using var client = await JsonClient.ConnectAsync(node.WebSocket, cancellation);
            weights.Add($"n{i + 1}", Rendezvous.Weight(partition, Convert.ToUInt32(client.Welcome.GetProperty("node").GetString(), 16)));
        }

        return [.. weights.OrderByDescending(static weight => weight.Value).Select(static weight => weight.Key)];
    }

    /// <summary>Nothing gets through between a node and the others until it has ended, as one that is in the minority must.</summary>
    /// <param name="network">Of the nodes.</param>
    /// <param name="host">Number of the node.</param>
    public async Task CutOffAsync(TestNetwork network, int host)
    {
        Fault("cut", $"n{host}");
        await network.CutOffAsync(host, cancellation);

        Assert.Equal(1, await _nodes[$"n{host}"].WaitForExitAsync(cancellation));
        await AcknowledgedAsync();
        await network.HealAsync(cancellation);
        Fault("heal", $"n{host}");
        Fault("kill", $"n{host}");
    }

    /// <summary>That of a user, for <see cref="Settings"/>; as of ten minutes ago, for nodes whose time is wrong.</summary>
    public static string Token(string user) => TokenMinter.Mint(TokenForge.Hs(), user, null, TimeSpan.FromHours(1), TimeProvider.System.GetUtcNow().AddMinutes(-10), "broker", "", "");

    public NodeProcess Node(string name) => _nodes[name];

    /// <summary>Something befalls nodes, which may go on serving.</summary>
    public void Befalls(string code, params string[] names) => Recorder.Add(new HistoryEvent(EventKind.Fault, 0) { Code = code, Names = names });

    /// <summary>Nodes that have ended by themselves, as those must that the others give up, count as killed; their names.</summary>
    public IReadOnlyList<string> CountEnded()
    {
        string[] ended = [.. Serving.Where(name => _nodes[name].Ended.IsCompleted)];
        if (ended.Length > 0)
        {
            Fault("kill", ended);
        }

        return ended;
    }

    public async Task KillAsync(params string[] names)
    {
        Fault("kill", names);
        foreach (var name in names)
        {
            _nodes[name].Signal(UnixSignal.Kill);
        }

        await Task.WhenAll(names.Select(name => _nodes[name].WaitForExitAsync(cancellation)));
    }

    public async Task StopAsync(string name)
    {
        Fault("stop", name);
        _nodes[name].Signal(UnixSignal.Terminate);
        Assert.Equal(0, await _nodes[name].WaitForExitAsync(cancellation));
    }

    /// <returns>True: it has ended when it woke, because the others had given it up.</returns>
    public async Task<bool> PauseAsync(string name, double seconds)
    {
        Fault("pause", name);
        _nodes[name].Signal(UnixSignal.Stop);
        await PassAsync(seconds);
        var node = _nodes[name];
        node.Signal(UnixSignal.Continue);
        Fault("resume", name);
        while (!node.Ended.IsCompleted)
        {
            await Task.WhenAny(node.Ended, PassAsync(2));
            if (await IsReadyAsync(node))
            {
                Serves(name);
                return false;
            }
        }

        Fault("kill", name);
        return true;
    }

    private async Task<bool> IsReadyAsync(NodeProcess node)
    {
        try
        {
            return await node.HealthAsync("ready", cancellation) == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>A node that has ended, at its address.</summary>
    public async Task StartAgainAsync(string name) => Started(name, await startAgain(_nodes[name], _nodes[Serving[0]]));

    /// <summary>Publishers end, every topic takes and delivers on every node, and everything that was kept is read.</summary>
    public async Task EndAsync()
    {
        await Task.WhenAll(_publishers.Select(static publisher => publisher.StopAsync())).WaitAsync(cancellation);
        var last = new Dictionary<string, (string Epoch, long Offset)>();
        foreach (var node in Serving)
        {
            await using var client = await ConnectToAsync(node, $"probe-{node}");
            foreach (var topic in topics)
            {
                last[topic] = await ProbeAsync(client, node, topic);
            }
        }

        var all = Task.WhenAll(_subscribers.SelectMany(subscriber => last.Select(end => subscriber.ReachedAsync(end.Key, end.Value.Epoch, end.Value.Offset))));

        try
        {
            await all.WaitAsync(TimeSpan.FromSeconds(10), cancellation);
        }
        catch (TimeoutException)
        {
            // What has not come is for the checker to tell.
        }

        foreach (var node in Serving)
        {
            await using var client = await ConnectToAsync(node, $"reader-{node}");
            foreach (var topic in topics)
            {
                await ReadAsync(client, node, topic);
            }
        }
    }

    /// <summary>A connection to the node, or where it does not take clients to another one that does.</summary>
    public async Task<(RecordingClient Client, string Node)> ConnectAsync(string name, string node)
    {
        using var again = new PeriodicTimer(Again);
        while (true)
        {
            var serving = Serving;
            var to = serving.Contains(node) ? node : serving[Next(serving.Count)];
            try
            {
                return (await ConnectToAsync(to, name), to);
            }
            catch (Exception e) when (e is WebSocketException or InvalidOperationException || (e is OperationCanceledException && !Cancellation.IsCancellationRequested))
            {
                await again.WaitForNextTickAsync(Cancellation);
                serving = Serving;
                node = serving[Next(serving.Count)];
            }
        }
    }

    /// <summary>Asks until it is not refused.</summary>
    public async Task<HistoryEvent> RepeatAsync(Func<Task<HistoryEvent>> ask)
    {
        using var again = new PeriodicTimer(Again);
        HistoryEvent answer;
        while ((answer = await ask()).Kind == EventKind.Refused)
        {
            await again.WaitForNextTickAsync(Cancellation);
        }

        return answer;
    }

    public int Next(int count)
    {
        lock (_gate)
        {
            return _random.Next(count);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await Task.WhenAll(_publishers.Select(static publisher => publisher.DisposeAsync().AsTask()));
        await Task.WhenAll(_subscribers.Select(static subscriber => subscriber.DisposeAsync().AsTask()));
        _ends.Dispose();
    }

    /// <summary>What clients did and saw may be so, and no node ended by itself; else the history is kept.</summary>
    public IReadOnlyList<HistoryEvent> Check(string name)
    {
        var history = Recorder.Events;
        var violations = HistoryChecker.Check(history);
        var refused = history.Where(static what => what.Kind == EventKind.Refused && what.Code is not ("unavailable" or "timeout")).Select(static what => what.Code).Distinct().ToList();
        var ended = Serving.Where(node => _nodes[node].Ended.IsCompleted).ToList();
        if (violations.Count + refused.Count + ended.Count > 0)
        {
            Assert.Fail($"{violations.Count} in {Keep(name)}; refused with {string.Join(", ", refused)}; ended: {string.Join(", ", ended)}\n{string.Join('\n', violations.Take(20))}");
        }

        return history;
    }

    /// <summary>Keeps the history so far, and what the nodes have said, for whoever looks for the cause.</summary>
    /// <returns>The file of the history.</returns>
    public string Keep(string name)
    {
        var directory = Directory.CreateDirectory(Path.Combine(SourceTree.Root, "TestResults")).FullName;
        var file = Path.Combine(directory, $"{name}.jsonl");
        using (var text = new StreamWriter(file))
        {
            HistoryText.Write(Recorder.Events, text);
        }

        foreach (var (node, process) in _nodes)
        {
            File.WriteAllText(Path.Combine(directory, $"{name}-{node}.log"), process.Output);
        }

        return file;
    }

    private async Task<(string Epoch, long Offset)> ProbeAsync(RecordingClient client, string node, string topic)
    {
        var call = Recorder.NextCall();
        Recorder.Add(new HistoryEvent(EventKind.Probe, 0) { Call = call, Topic = topic, Node = node });
        Assert.Equal(EventKind.Subscribed, (await RepeatAsync(() => client.SubscribeAsync(topic))).Kind);
        var published = await RepeatAsync(() => client.PublishAsync(topic, $"probe-{call}", $"probe-{call}"));
        Assert.Equal(EventKind.Published, published.Kind);
        await client.ReachedAsync(topic, published.Epoch!, published.Offset!.Value);
        Recorder.Add(new HistoryEvent(EventKind.Probed, 0) { Call = call });
        return (published.Epoch!, published.Offset!.Value);
    }

    private async Task ReadAsync(RecordingClient client, string node, string topic)
    {
        List<HistoryEntry> entries = [];
        (string Epoch, long Offset)? since = null;
        HistoryEvent page;
        do
        {
            page = await client.HistoryAsync(topic, since);
            Assert.Equal(EventKind.Page, page.Kind);
            entries.AddRange(page.Entries!);
            since = entries.Count > 0 ? (page.Epoch!, entries[^1].Offset) : since;
        }
        while (page.More == true);

        Recorder.Add(new HistoryEvent(EventKind.Final, 0) { Topic = topic, Node = node, Epoch = page.Epoch, Offset = page.Offset, Entries = entries });
        Assert.Equal(EventKind.Members, (await client.PresenceAsync(topic)).Kind);
    }

    private async Task<RecordingClient> ConnectToAsync(string node, string name)
    {
        return await RecordingClient.ConnectAsync(Recorder, name, node, _nodes[node].WebSocket, Cancellation, Token(name));
    }

    private void Started(string name, NodeProcess node)
    {
        _nodes[name] = node;
        Serves(name);
        Recorder.Add(new HistoryEvent(EventKind.Fault, 0) { Code = "start", Names = [name] });
    }

    private void Serves(string name)
    {
        lock (_gate)
        {
            _serving.Add(name);
        }
    }

    private void Fault(string code, params string[] names)
    {
        lock (_gate)
        {
            _serving.ExceptWith(names);
        }

        Recorder.Add(new HistoryEvent(EventKind.Fault, 0) { Code = code, Names = names });
    }
}
