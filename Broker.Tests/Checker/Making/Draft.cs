namespace Broker.Tests.Checker.Making;

/// <summary>A valid history and the one that is made of it by one change. Lines are counted from 0.</summary>
internal sealed class Draft(IReadOnlyList<HistoryEvent> history, Random random)
{
    public IReadOnlyList<HistoryEvent> History => history;

    public HistoryFacts Facts { get; } = new(history);

    public List<HistoryEvent> Changed { get; } = [.. history];

    public IEnumerable<int> Lines(EventKind kind) => Enumerable.Range(0, history.Count).Where(line => history[line].Kind == kind);

    public IEnumerable<Request> Asked(EventKind kind) => Facts.Requests.Where(request => request.Asked.Kind == kind);

    public IEnumerable<Request> Subscriptions(bool sequenced) => Asked(EventKind.Subscribe).Where(request => Facts.IsSequenced(request.Asked.Topic) == sequenced);

    /// <summary>The request that an answer or a push belongs to.</summary>
    public Request Of(int line) => Facts.Find(history[line].Call)!;

    public bool IsOpen(Request subscription) =>
        Facts.Closed(subscription.Asked.Connection) == int.MaxValue && !subscription.Lines.Exists(line => history[line].Kind is EventKind.Unsubscribed or EventKind.Refused or EventKind.Lost);

    /// <summary>What moves a subscription on: its messages and gaps.</summary>
    public int[] Moves(Request subscription) => [.. subscription.Lines.Where(line => history[line].Kind is EventKind.Message or EventKind.Gap)];

    /// <summary>What follows shows that something is missing: the next move is a message, or there is none though the subscription is open.</summary>
    public bool Shows(Request subscription, int line)
    {
        var next = Array.Find(Moves(subscription), move => move > line);
        return next > 0 ? history[next].Kind == EventKind.Message : IsOpen(subscription);
    }

    /// <summary>Makes the change at one of the places where it can be made; false where there is none.</summary>
    public bool Any<T>(IEnumerable<T> places, Action<T> change)
    {
        var all = places.ToArray();
        if (all.Length > 0)
        {
            change(all[random.Next(all.Length)]);
        }

        return all.Length > 0;
    }

    public void Replace(int line, HistoryEvent what) => Changed[line] = what;

    public void Remove(int line) => Changed.RemoveAt(line);

    public void Insert(int line, HistoryEvent what) => Changed.Insert(line, what with { At = history[Math.Min(line, history.Count) - 1].At });

    /// <summary>The events change places, and keep the times of the places.</summary>
    public void Swap(int one, int other)
    {
        Changed[one] = history[other] with { At = history[one].At };
        Changed[other] = history[one] with { At = history[other].At };
    }
}
