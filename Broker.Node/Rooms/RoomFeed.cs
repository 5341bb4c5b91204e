using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>
/// Says to the lobby of a kind what rooms run on this node: changes are gathered into batches, the next one goes when the lobby has taken the last.
/// A lobby that begins anew is told all of them.
/// </summary>
/// <param name="kind">Of the rooms.</param>
/// <param name="node">Uid of this node.</param>
internal sealed class RoomFeed(string kind, uint node)
{
    /// <summary>Between two batches that are not full.</summary>
    public static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    /// <summary>After which what was not taken is said again, and the lobby is woken where nothing is to be said.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    /// <summary>Characters in a batch, roughly, and one room more.</summary>
    private const int Length = 32 * 1024;

    private readonly Dictionary<string, RoomListing> _rooms = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private long _incarnation;
    private long _feed;
    private long _number;
    private bool _isWhole;
    private RoomsShown? _underWay;
    private TimeSpan _begunAt = TimeSpan.MinValue;
    private TimeSpan _saidAt = TimeSpan.MinValue;

    public void Show(string room, RoomListing listing)
    {
        _rooms[room] = listing;
        _changed.Add(room);
    }

    public void Hide(string room)
    {
        if (_rooms.Remove(room))
        {
            _changed.Add(room);
        }
    }

    /// <returns>What is to be said now; null: nothing.</returns>
    public RoomsShown? Tick(TimeSpan now)
    {
        if (_incarnation != 0 && _underWay is null && (!_isWhole || _changed.Count > 0) && IsOver(_begunAt, Gathering, now))
        {
            return Next(now);
        }

        if ((_underWay is null && _rooms.Count == 0 && _changed.Count == 0) || !IsOver(_saidAt, Again, now))
        {
            return null;
        }

        _saidAt = now;
        return _underWay ?? new RoomsShown(kind, node, _incarnation, _feed, 0);
    }

    /// <inheritdoc cref="Tick"/>
    public RoomsShown? Heard(LobbyHeard heard, TimeSpan now)
    {
        var taken = heard.Feed == _feed ? heard.Last : 0;
        var isLost = heard.Incarnation != _incarnation || (taken != _number && (_underWay is null || taken != _number - 1));
        if (isLost)
        {
            (_incarnation, _number, _isWhole, _underWay) = (heard.Incarnation, 0, false, null);
            _feed++;
            _changed.UnionWith(_rooms.Keys);
            return Next(now);
        }

        if (taken != _number || _underWay is null)
        {
            return null;
        }

        var isMore = !_underWay.IsWhole;
        _underWay = null;
        return isMore ? Next(now) : null;
    }

    private RoomsShown Next(TimeSpan now)
    {
        List<ShownRoom> rooms = [];
        var length = 0;
        foreach (var room in _changed)
        {
            if (length >= Length)
            {
                break;
            }

            var listing = _rooms.GetValueOrDefault(room);
            rooms.Add(new ShownRoom(room, listing));
            length += 100 + (listing?.Metadata.Sum(static pair => pair.Key.Length + pair.Value.Length) ?? 0);
        }

        _changed.ExceptWith(rooms.Select(static room => room.Room));
        (_begunAt, _saidAt, _isWhole) = (now, now, _changed.Count == 0);
        return _underWay = new RoomsShown(kind, node, _incarnation, _feed, ++_number) { Rooms = rooms, IsWhole = _isWhole };
    }

    private static bool IsOver(TimeSpan since, TimeSpan time, TimeSpan now) => since == TimeSpan.MinValue || now - since >= time;
}
