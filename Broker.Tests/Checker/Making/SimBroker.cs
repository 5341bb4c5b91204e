namespace Broker.Tests.Checker.Making;

/// <summary>
/// A broker that is always right, its clients, and the history of what they see. What is asked is taken later, answers and pushes are on their
/// way for a while: whoever drives it says when each of these goes on.
/// </summary>
internal sealed class SimBroker(Random random)
{
    public List<HistoryEvent> History { get; } = [];

    public SimTopic[] Topics { get; } =
    [
        new("orders", isSequenced: true, size: 6), new("chat", isSequenced: true, hasPresence: true), new("ledger", isSequenced: true, isDurable: true), new("news", isSequenced: false),
        new("ticks", isSequenced: false),
    ];

    public SimClient[] Publishers { get; } = [.. Enumerable.Range(0, 4).Select(static i => new SimClient($"p{i}"))];

    public SimClient[] Subscribers { get; } = [.. Enumerable.Range(0, 5).Select(static i => new SimClient($"s{i}"))];

    public IEnumerable<SimClient> Clients => Publishers.Concat(Subscribers);

    /// <summary>Nodes that stand still.</summary>
    public HashSet<string> Stalled { get; } = [];

    /// <summary>Nodes that are cut off.</summary>
    public List<string> Cut { get; } = [];

    public long Now { get; set; }

    public void Send(SimClient client, HistoryEvent asked)
    {
        asked = asked with { At = Now, Connection = client.Connection, Node = client.Node };
        Add(asked.Kind == EventKind.Unsubscribe ? new HistoryEvent(asked.Kind, 0) { Call = asked.Call } : asked);
        client.Sent.Enqueue(asked);
    }

    /// <summary>The client's node does what was asked next; the answer is under way then.</summary>
    public void Take(SimClient client)
    {
        if (IsStanding(client) || !client.Sent.TryDequeue(out var asked))
        {
            return;
        }

        var topic = Topics.Single(topic => topic.Name == asked.Topic);
        if (asked.Kind == EventKind.Publish)
        {
            client.Answers.Enqueue(TakePublish(client, topic, asked) with { At = Now, Call = asked.Call });
        }
        else if (client.Forbidden.Contains(topic.Name) && asked.Kind != EventKind.Unsubscribe)
        {
            Refuse(client, topic, asked, "forbidden");
        }
        else if (Cut.Contains(client.Node!))
        {
            Refuse(client, topic, asked, "unavailable");
        }
        else if (asked.Kind == EventKind.History)
        {
            client.Answers.Enqueue(TakeHistory(topic, asked) with { At = Now, Call = asked.Call });
        }
        else if (asked.Kind == EventKind.Subscribe)
        {
            TakeSubscribe(client, topic, asked);
        }
        else if (client.Subscriptions.Remove(topic, out var subscription))
        {
            // What is under way to the client comes before the answer.
            Deliver(client, subscription, topic, random.Next(subscription.Pushes.Count + 1));
            Add(new HistoryEvent(EventKind.Unsubscribed, 0) { Call = asked.Call });
            PushMembers(EventKind.Left, client, topic);
        }
    }

    private HistoryEvent TakePublish(SimClient client, SimTopic topic, HistoryEvent asked)
    {
        if (Cut.Contains(client.Node!))
        {
            return Error(random.Next(4) == 0 ? "timeout" : "unavailable");
        }

        if (asked.Key is { } key && topic.Keys.TryGetValue((client.Name, key), out var first))
        {
            return first.Id != asked.Id ? Error("conflict") : Published(topic, first);
        }

        switch (random.Next(20))
        {
            case 0:
                return Error("unavailable");
            case 1:
                return Error("timeout");
            case 2:
                Append(client, topic, asked);
                return Error("timeout");
            default:
                return Published(topic, Append(client, topic, asked));
        }
    }

    private static HistoryEvent Published(SimTopic topic, HistoryEntry entry) =>
        new(EventKind.Published, 0) { Epoch = topic.Epoch, Offset = topic.IsSequenced ? entry.Offset : null };

    private static HistoryEvent Error(string code) => new(EventKind.Refused, 0) { Code = code };

    private void Refuse(SimClient client, SimTopic topic, HistoryEvent asked, string code)
    {
        if (asked.Kind == EventKind.Unsubscribe)
        {
            // It waits: an unsubscribe is not refused.
            client.Sent.Enqueue(asked);
            return;
        }

        if (asked.Kind == EventKind.Subscribe)
        {
            client.Subscriptions.Remove(topic);
        }

        client.Answers.Enqueue(Error(code) with { At = Now, Call = asked.Call });
    }

    private static HistoryEvent TakeHistory(SimTopic topic, HistoryEvent asked)
    {
        if (asked.Epoch != topic.Epoch)
        {
            return Error("stale_position");
        }

        var entries = topic.Behind(asked.Offset!.Value).Take(5).ToArray();
        return new HistoryEvent(EventKind.Page, 0)
        {
            Epoch = topic.Epoch,
            Offset = topic.Top,
            Entries = entries,
            More = entries.Length > 0 && entries[^1].Offset < topic.Top,
        };
    }

    private void TakeSubscribe(SimClient client, SimTopic topic, HistoryEvent asked)
    {
        var subscription = client.Subscriptions[topic];
        subscription.IsOpen = true;
        var isRecovered = asked.Epoch is not null && asked.Epoch == topic.Epoch && asked.Offset >= topic.Start;
        Add(new HistoryEvent(EventKind.Subscribed, 0)
        {
            Call = asked.Call,
            Epoch = topic.Epoch,
            Offset = topic.IsSequenced ? topic.Top : null,
            Recovered = asked.Epoch is null ? null : isRecovered,
        });
        var since = isRecovered ? asked.Offset!.Value : asked.Last is { } last ? topic.Top - last : topic.Top;
        foreach (var entry in topic.Behind(since))
        {
            Push(subscription, topic, entry);
        }

        if (topic.IsSequenced)
        {
            client.Positions[topic.Name] = (topic.Epoch!, isRecovered ? asked.Offset!.Value : Math.Min(topic.Top, Math.Max(since, topic.Start)));
        }

        PushMembers(EventKind.Joined, client, topic);
    }

    private HistoryEntry Append(SimClient client, SimTopic topic, HistoryEvent asked)
    {
        var entry = topic.Append(asked.Id!, asked.Data!);
        if (asked.Key is { } key)
        {
            topic.Keys.Add((client.Name, key), entry);
        }

        foreach (var subscription in Open(topic))
        {
            Push(subscription, topic, entry);
        }

        return entry;
    }

    private static void Push(SimSubscription subscription, SimTopic topic, HistoryEntry entry) =>
        subscription.Pushes.Enqueue(new HistoryEvent(EventKind.Message, 0)
        {
            Call = subscription.Call,
            Epoch = topic.Epoch,
            Offset = topic.IsSequenced ? entry.Offset : null,
            Id = entry.Id,
            Data = entry.Data,
        });

    private void PushMembers(EventKind kind, SimClient who, SimTopic topic)
    {
        foreach (var client in Subscribers.Where(client => client != who && topic.HasPresence && IsMember(client, topic)))
        {
            var subscription = client.Subscriptions[topic];
            subscription.Pushes.Enqueue(new HistoryEvent(kind, 0) { Call = subscription.Call, Names = [who.Name] });
        }
    }

    public static bool IsMember(SimClient client, SimTopic topic) => client.Subscriptions.TryGetValue(topic, out var subscription) && subscription.IsOpen;

    private IEnumerable<SimSubscription> Open(SimTopic topic) => Subscribers.Where(client => IsMember(client, topic)).Select(client => client.Subscriptions[topic]);

    public void Answer(SimClient client)
    {
        if (IsStanding(client) || !client.Answers.TryDequeue(out var answer))
        {
            return;
        }

        Add(answer);
        Learn(client, answer);
    }

    private void Learn(SimClient client, HistoryEvent answer)
    {
        var asked = History.FindLast(what => what.Kind == EventKind.Publish && what.Call == answer.Call);
        if (asked?.Key is null)
        {
            return;
        }

        if (answer.Kind == EventKind.Published)
        {
            client.Sure.Add(asked);
        }
        else if (answer.Kind == EventKind.Lost || answer.Code == "timeout")
        {
            client.Unsure.Add(asked);
        }
    }

    public void Deliver(SimClient client, int count)
    {
        foreach (var (topic, subscription) in client.Subscriptions.ToArray())
        {
            Deliver(client, subscription, topic, count);
        }
    }

    private void Deliver(SimClient client, SimSubscription subscription, SimTopic topic, int count)
    {
        while (count-- > 0 && !IsStanding(client) && !Cut.Contains(client.Node!) && subscription.Pushes.TryDequeue(out var push))
        {
            Add(push);
            if (push.Epoch is not null)
            {
                client.Positions[topic.Name] = (push.Epoch, push.Offset!.Value);
            }
        }
    }

    /// <summary>What waits for a subscription is given up, and a gap says so.</summary>
    public static void Lag(SimClient client, SimTopic topic)
    {
        if (IsMember(client, topic) && client.Subscriptions[topic] is { Pushes.Count: > 0 } subscription)
        {
            // Of a sequenced topic everything is given up that the client has not seen.
            var from = topic.IsSequenced && client.Positions.TryGetValue(topic.Name, out var position) && position.Epoch == topic.Epoch ? position.Offset + 1 : (long?)null;
            subscription.Pushes.Clear();
            subscription.Pushes.Enqueue(Gap(subscription, topic) with { From = from, To = from is null ? null : topic.Top });
        }
    }

    private static HistoryEvent Gap(SimSubscription subscription, SimTopic topic) =>
        new(EventKind.Gap, 0) { Call = subscription.Call, Epoch = topic.Epoch, Offset = topic.IsSequenced ? topic.Top : null };

    public void BeginEpoch(SimTopic topic)
    {
        if (!topic.IsSequenced || topic.IsDurable)
        {
            return;
        }

        topic.BeginEpoch();
        foreach (var subscription in Open(topic))
        {
            subscription.Pushes.Clear();
            subscription.Pushes.Enqueue(Gap(subscription, topic));
        }
    }

    public void Revoke(SimClient client, SimTopic topic)
    {
        if (!IsMember(client, topic) || IsStanding(client) || client.Sent.Count > 0 || client.Answers.Count > 0)
        {
            return;
        }

        client.Forbidden.Add(topic.Name);
        client.Subscriptions.Remove(topic, out var subscription);
        Add(new HistoryEvent(EventKind.Revoked, 0) { Client = client.Name, Topic = topic.Name });
        Add(new HistoryEvent(EventKind.Unsubscribed, 0) { Call = subscription!.Call });
        PushMembers(EventKind.Left, client, topic);
    }

    public void Close(SimClient client, string code)
    {
        if (client.Connection is null)
        {
            return;
        }

        while (client.Sent.Count > 0 && random.Next(2) == 0)
        {
            Take(client);
        }

        Add(new HistoryEvent(EventKind.Closed, 0) { Connection = client.Connection, Code = code });
        foreach (var asked in client.Answers.Concat(client.Sent).Where(static asked => asked.Kind is not EventKind.Unsubscribe).ToArray())
        {
            var lost = new HistoryEvent(EventKind.Lost, 0) { Call = asked.Call };
            Add(lost);
            Learn(client, lost);
        }

        client.Sent.Clear();
        client.Answers.Clear();
        client.Connection = null;
        var topics = client.Subscriptions.Where(static one => one.Value.IsOpen).Select(static one => one.Key).ToArray();
        client.Subscriptions.Clear();
        foreach (var topic in topics)
        {
            PushMembers(EventKind.Left, client, topic);
        }
    }

    public bool IsStanding(SimClient client) => client.Node is { } node && Stalled.Contains(node);

    public void Fault(string code, params string[] nodes) => Add(new HistoryEvent(EventKind.Fault, 0) { Code = code, Names = nodes });

    public void Add(HistoryEvent what) => History.Add(what with { At = Now });

    public T Pick<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];
}
