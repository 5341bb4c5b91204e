namespace Broker.Tests.Checker.Making;

/// <summary>A topic of the generated broker: one log an epoch, trimmed to its size.</summary>
internal sealed class SimTopic(string name, bool isSequenced, int? size = null, bool isDurable = false, bool hasPresence = false)
{
    private int _epochs;

    public string Name => name;

    public bool IsSequenced => isSequenced;

    public bool IsDurable => isDurable;

    public bool HasPresence => hasPresence;

    public string? Epoch { get; private set; } = isSequenced ? $"{name}-e0" : null;

    public List<HistoryEntry> Log { get; } = [];

    public long Top { get; private set; }

    public Dictionary<(string Client, string Key), HistoryEntry> Keys { get; } = [];

    public HistoryEvent Settings => new(EventKind.Topic, 0) { Topic = name, Sequenced = isSequenced, Durable = isDurable, Presence = hasPresence, Size = size };

    /// <summary>The lowest position from which nothing is missing.</summary>
    public long Start => Log.Count > 0 ? Log[0].Offset - 1 : Top;

    public HistoryEntry Append(string id, string data)
    {
        var entry = new HistoryEntry(++Top, id, data);
        Log.Add(entry);
        if (Log.Count > size)
        {
            Log.RemoveAt(0);
        }

        return entry;
    }

    public void BeginEpoch()
    {
        Epoch = $"{name}-e{++_epochs}";
        Top = 0;
        Log.Clear();
        Keys.Clear();
    }

    public IEnumerable<HistoryEntry> Behind(long offset) => Log.Where(entry => entry.Offset > offset);
}

/// <summary>A client, at most one connection of it, and what it knows.</summary>
internal sealed class SimClient(string name)
{
    public string Name => name;

    public string? Connection { get; set; }

    public string? Node { get; set; }

    public Dictionary<string, (string Epoch, long Offset)> Positions { get; } = [];

    public Dictionary<SimTopic, SimSubscription> Subscriptions { get; } = [];

    public HashSet<string> Forbidden { get; } = [];

    /// <summary>Requests that its node has not looked at.</summary>
    public Queue<HistoryEvent> Sent { get; } = [];

    /// <summary>Answers on their way.</summary>
    public Queue<HistoryEvent> Answers { get; } = [];

    /// <summary>Publishes of unknown outcome that have a key.</summary>
    public List<HistoryEvent> Unsure { get; } = [];

    /// <summary>Publishes of known outcome that have a key.</summary>
    public List<HistoryEvent> Sure { get; } = [];
}

/// <summary>A subscription and the pushes on their way to it.</summary>
internal sealed class SimSubscription(long call)
{
    public long Call => call;

    public bool IsOpen { get; set; }

    public bool IsEnding { get; set; }

    public Queue<HistoryEvent> Pushes { get; } = [];
}
