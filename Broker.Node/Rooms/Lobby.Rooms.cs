using Broker.Protocol.Wire;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>The rooms that a lobby knows: what nodes show of them, what clients see of that.</summary>
internal sealed partial class Lobby
{
    /// <summary>Rooms that one page of a list looks at: with rare filters a page may be empty, and yet another follow.</summary>
    public const int LookedAt = 5000;

    /// <summary>Characters of a page, roughly, one room more: far below what may go between nodes.</summary>
    public const int PageLength = 64 * 1024;

    private static readonly TimeSpan CallAgain = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<string, LobbyRoom> _rooms = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _listed = new(StringComparer.Ordinal);
    private readonly LobbyIndex _open = new();
    private readonly Queue<(LobbyRoom Room, TimeSpan At)> _settling = [];
    private readonly Queue<(LobbyRoom Room, TimeSpan At)> _unshown = [];
    private long _order;
    private TimeSpan _calledAt;

    public int Count => _rooms.Count;

    /// <summary>A member of the cluster, which may have rooms of the kind.</summary>
    public void Came(uint node)
    {
        _hearing.Came(node);
        _output.Tell(node, HeardOf(0, 0));
    }

    /// <summary>All members that are there now have been named.</summary>
    public void KnowsNodes(TimeSpan now)
    {
        _hearing.KnowsNodes();
        _calledAt = now;
    }

    /// <summary>A node was removed, and its rooms and clients with it.</summary>
    public void Left(uint node, TimeSpan now)
    {
        _hearing.Left(node);
        _queue.RemoveNode(node);
        foreach (var (of, number) in _searches.Keys.Concat(_early.Keys).Where(key => key.Node == node).ToList())
        {
            Forget(of, number, now);
        }

        HideAll(node, long.MaxValue, now);
    }

    public void Take(RoomsShown shown, TimeSpan now)
    {
        if (shown.Incarnation == _settings.Incarnation && _hearing.Take(shown, out var becomesWhole))
        {
            foreach (var room in shown.Rooms)
            {
                if (room.Listing is { } listing)
                {
                    Show(shown.Node, shown.Feed, room.Room, listing, now);
                }
                else if (_rooms.TryGetValue(room.Room, out var known))
                {
                    Hide(known, shown.Node, long.MaxValue, now);
                }
            }

            if (becomesWhole)
            {
                HideAll(shown.Node, shown.Feed, now);
            }
        }

        if (_hearing.Of(shown.Node) is { } heard)
        {
            _output.Tell(shown.Node, HeardOf(heard.Feed, heard.Last));
        }
    }

    private void Show(uint node, long feed, string id, RoomListing listing, TimeSpan now)
    {
        if (!_rooms.TryGetValue(id, out var room))
        {
            if (_rooms.Count >= _settings.MostRooms)
            {
                return;
            }

            _rooms.Add(id, room = new LobbyRoom(id, ++_order));
        }

        room.Show(node, feed, listing, now);
        Changed(room, now);
        ListAgain(room);
    }

    private void HideAll(uint node, long before, TimeSpan now)
    {
        foreach (var room in _rooms.Values.Where(static room => room.IsShown).ToList())
        {
            Hide(room, node, before, now);
        }
    }

    private void Hide(LobbyRoom room, uint node, long before, TimeSpan now)
    {
        if (!room.Hide(node, before, now))
        {
            return;
        }

        if (room.IsShown)
        {
            Changed(room, now);
            ListAgain(room);
        }
        else
        {
            Drop(room);
        }
    }

    private void ListAgain(LobbyRoom room)
    {
        if (room.IsListed)
        {
            _listed.Add(room.Id);
            _output.List(room.Id, room.Listing);
        }
        else
        {
            Unlist(room);
        }
    }

    private void Unlist(LobbyRoom room)
    {
        if (_listed.Remove(room.Id))
        {
            _output.List(room.Id, null);
        }
    }

    /// <summary>Who has asked it for a seat goes on asking: it may only have moved.</summary>
    private void Drop(LobbyRoom room)
    {
        if (IsKnown(room))
        {
            _rooms.Remove(room.Id);
            _open.Remove(room);
            Unlist(room);
        }
    }

    private bool IsKnown(LobbyRoom room) => _rooms.TryGetValue(room.Id, out var known) && known == room;

    /// <summary>Its seats, or what it matches, may have changed; it is looked at once more when what it shows counts again.</summary>
    private void Changed(LobbyRoom room, TimeSpan now)
    {
        if (IsKnown(room))
        {
            _open.Put(room, now);
            _settling.Enqueue((room, now + Again));
        }
    }

    private void Settle(TimeSpan now)
    {
        while (_settling.TryPeek(out var next) && next.At <= now)
        {
            _settling.Dequeue();
            next.Room.Settle(now);
            if (IsKnown(next.Room))
            {
                _open.Put(next.Room, now);
            }
        }

        while (_unshown.TryPeek(out var next) && next.At <= now)
        {
            _unshown.Dequeue();
            if (next.Room is { IsShown: false, UnderWay: > 0 })
            {
                _unshown.Enqueue((next.Room, now + Patience));
            }
            else if (!next.Room.IsShown)
            {
                Drop(next.Room);
            }
        }
    }

    /// <summary>Nodes that have not named their rooms are asked again.</summary>
    private void Call(TimeSpan now)
    {
        if (!_hearing.IsReady && now - _calledAt >= CallAgain)
        {
            _calledAt = now;
            foreach (var node in _hearing.Missing)
            {
                var (feed, last) = _hearing.Of(node) ?? default;
                _output.Tell(node, HeardOf(feed, last));
            }
        }
    }

    private LobbyHeard HeardOf(long feed, long last) => new(_settings.Kind, _settings.Incarnation, feed, last);

    private LobbyReply ListOf(LobbyAsk ask)
    {
        List<RoomListEntry> page = [];
        var (looked, length) = (0, 0);
        string? last = null;
        foreach (var id in ask.After is null ? _listed : _listed.GetViewBetween(ask.After + '\0', "\uffff"))
        {
            if (page.Count == ask.Limit || looked == LookedAt || length > PageLength)
            {
                return new LobbyReply(_settings.Kind, ask.Number, ErrorCode.None) { Rooms = page, After = last };
            }

            var room = _rooms[id];
            if (room.Matches(ask.Filters))
            {
                page.Add(EntryOf(_settings.Kind, id, room.Listing));
                length += 200 + room.Listing.Metadata.Sum(static pair => pair.Key.Length + pair.Value.Length);
            }

            looked++;
            last = id;
        }

        return new LobbyReply(_settings.Kind, ask.Number, ErrorCode.None) { Rooms = page };
    }

    /// <summary>What clients see of a room.</summary>
    public static RoomListEntry EntryOf(string kind, string room, RoomListing listing) =>
        new(room, kind, listing.Players, listing.MaxPlayers, listing.Spectators, listing.IsLocked, listing.Metadata);
}
