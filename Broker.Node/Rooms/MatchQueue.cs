namespace Broker.Node.Rooms;

/// <summary>
/// Who waits to be put together with others of the same filters. A group is full when as many different users wait as a room has seats;
/// where two or more have waited long enough, they begin with fewer.
/// </summary>
/// <param name="wait">How long that is.</param>
internal sealed class MatchQueue(TimeSpan wait)
{
    /// <summary>Who was not asked for again within this time does not wait any more.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);

    private readonly Dictionary<RoomFilters, List<Waiter>> _groups = [];
    private readonly Dictionary<(uint Node, long Number), Waiter> _waiters = [];

    public int Count => _waiters.Count;

    /// <returns>Whether it was there already.</returns>
    public bool Heard(LobbyAsk ask, TimeSpan now)
    {
        if (_waiters.TryGetValue((ask.Node, ask.Number), out var waiter))
        {
            waiter.HeardAt = now;
            return true;
        }

        return false;
    }

    /// <returns>Who begins now; empty: nobody.</returns>
    public IReadOnlyList<LobbyAsk> Add(LobbyAsk ask, TimeSpan now)
    {
        var waiter = new Waiter(ask, now);
        _waiters.Add((ask.Node, ask.Number), waiter);
        if (!_groups.TryGetValue(ask.Filters, out var group))
        {
            _groups.Add(ask.Filters, group = []);
        }

        group.Add(waiter);
        return Distinct(group, ask.Seats) is var first && first.Count == ask.Seats ? Begin(first) : [];
    }

    /// <summary>Who has waited long enough, in groups.</summary>
    public IReadOnlyList<IReadOnlyList<LobbyAsk>> Due(TimeSpan now)
    {
        List<IReadOnlyList<LobbyAsk>> due = [];
        foreach (var group in _groups.Values.ToList())
        {
            if (group.Count > 1 && now - group[0].Since >= wait && Distinct(group, group[0].Ask.Seats) is { Count: > 1 } first)
            {
                due.Add(Begin(first));
            }
        }

        return due;
    }

    public void Remove(uint node, long number)
    {
        if (_waiters.Remove((node, number), out var waiter))
        {
            Leave(waiter);
        }
    }

    /// <summary>A node is gone, and its clients with it.</summary>
    public void RemoveNode(uint node) => RemoveAll(waiter => waiter.Ask.Node == node);

    public void RemoveSilent(TimeSpan now) => RemoveAll(waiter => now - waiter.HeardAt >= Silence);

    private void RemoveAll(Func<Waiter, bool> condition)
    {
        foreach (var waiter in _waiters.Values.Where(condition).ToList())
        {
            Remove(waiter.Ask.Node, waiter.Ask.Number);
        }
    }

    /// <summary>The first ones, each user once: the same user in two seats would be one player too few.</summary>
    private static List<Waiter> Distinct(List<Waiter> group, int seats)
    {
        List<Waiter> first = [];
        foreach (var waiter in group)
        {
            if (first.Count < seats && (waiter.Ask.User is null || !first.Exists(other => other.Ask.User == waiter.Ask.User)))
            {
                first.Add(waiter);
            }
        }

        return first;
    }

    private List<LobbyAsk> Begin(List<Waiter> first)
    {
        foreach (var waiter in first)
        {
            Remove(waiter.Ask.Node, waiter.Ask.Number);
        }

        return first.ConvertAll(static waiter => waiter.Ask);
    }

    private void Leave(Waiter waiter)
    {
        var group = _groups[waiter.Ask.Filters];
        group.Remove(waiter);
        if (group.Count == 0)
        {
            _groups.Remove(waiter.Ask.Filters);
        }
    }

    private sealed class Waiter(LobbyAsk ask, TimeSpan since)
    {
        public LobbyAsk Ask => ask;

        public TimeSpan Since { get; } = since;

        public TimeSpan HeardAt { get; set; } = since;
    }
}
