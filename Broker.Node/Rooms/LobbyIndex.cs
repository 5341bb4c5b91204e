namespace Broker.Node.Rooms;

/// <summary>
/// The open rooms of a lobby by each pair of their metadata, fullest first. A search looks at the rooms of its rarest pair, in this order, until
/// one matches; without filters it takes the first of all.
/// </summary>
internal sealed class LobbyIndex
{
    private readonly SortedSet<Entry> _all = [];
    /// <summary>By tuples: the hash of a <see cref="KeyValuePair"/> is that of its key alone, which most rooms have in common.</summary>
    private readonly Dictionary<(string Key, string Value), SortedSet<Entry>> _byPair = [];
    private readonly Dictionary<LobbyRoom, (Entry Entry, (string Key, string Value)[] Pairs)> _entries = [];

    public int Count => _entries.Count;

    /// <summary>Puts the room where it belongs now, if it is open.</summary>
    public void Put(LobbyRoom room, TimeSpan now)
    {
        Remove(room);
        if (!room.IsOpen(now))
        {
            return;
        }

        var entry = new Entry(room.Free, room.Order, room);
        (string Key, string Value)[] pairs = [.. room.Listing.Metadata.Concat(room.MadeFor.Pairs).Select(static pair => (pair.Key, pair.Value)).Distinct()];
        _entries.Add(room, (entry, pairs));
        _all.Add(entry);
        foreach (var pair in pairs)
        {
            if (!_byPair.TryGetValue(pair, out var entries))
            {
                _byPair.Add(pair, entries = []);
            }

            entries.Add(entry);
        }
    }

    public void Remove(LobbyRoom room)
    {
        if (!_entries.Remove(room, out var known))
        {
            return;
        }

        _all.Remove(known.Entry);
        foreach (var pair in known.Pairs)
        {
            var entries = _byPair[pair];
            entries.Remove(known.Entry);
            if (entries.Count == 0)
            {
                _byPair.Remove(pair);
            }
        }
    }

    /// <summary>The fullest open room that matches; null: none.</summary>
    /// <param name="filters">That it has to match.</param>
    /// <param name="except">Rooms that will not do.</param>
    public LobbyRoom? First(RoomFilters filters, IReadOnlySet<string> except)
    {
        var rarest = _all;
        foreach (var pair in filters.Pairs)
        {
            if (!_byPair.TryGetValue((pair.Key, pair.Value), out var entries))
            {
                return null;
            }

            rarest = entries.Count < rarest.Count ? entries : rarest;
        }

        foreach (var entry in rarest)
        {
            if (entry.Room.Matches(filters) && !except.Contains(entry.Room.Id))
            {
                return entry.Room;
            }
        }

        return null;
    }

    private sealed record Entry(int Free, long Order, LobbyRoom Room) : IComparable<Entry>
    {
        public int CompareTo(Entry? other) => (Free, Order).CompareTo((other!.Free, other.Order));
    }
}
