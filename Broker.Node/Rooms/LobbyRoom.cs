using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>A room as its lobby knows it. How many seats are free is an estimate: the room alone decides.</summary>
/// <param name="id">Of the room.</param>
/// <param name="order">Older rooms have a lower one.</param>
internal sealed class LobbyRoom(string id, long order)
{
    private static readonly RoomListing Unknown = new(0, 0, 0, IsLocked: false, IsPrivate: false, new Dictionary<string, string>());

    /// <summary>Nodes that say that it runs there: more than one while it moves. The last one has said so last.</summary>
    private readonly List<(uint Node, long Feed, RoomListing Listing)> _places = [];

    private RoomListing _listing = Unknown;
    private int _counted;

    public string Id => id;

    public long Order => order;

    /// <summary>As it was shown last, or as it will be when it has been made.</summary>
    public RoomListing Listing => _listing;

    /// <summary>Of the search that it was made for: it matches these whatever it shows.</summary>
    public RoomFilters MadeFor { get; init; } = RoomFilters.None;

    /// <summary>The room has not said yet that it is there.</summary>
    public bool IsBeingMade { get; set; }

    /// <summary>It has refused somebody, and is left alone until then.</summary>
    public TimeSpan ShutUntil { get; set; }

    /// <summary>Seats that have been asked for and not been answered.</summary>
    public int UnderWay { get; private set; }

    /// <summary>When what it shows will count more than what was answered.</summary>
    public TimeSpan SettlesAt { get; private set; }

    public bool IsShown => _places.Count > 0;

    /// <summary>Whether clients may know of it.</summary>
    public bool IsListed => IsShown && MayBeFound;

    /// <summary>Never below what is free, as long as nobody leaves: what it shows may be older than an answer, or newer.</summary>
    public int Free => _listing.MaxPlayers - Math.Max(_listing.Players, _counted + UnderWay);

    private bool MayBeFound => _listing is { IsLocked: false, IsPrivate: false };

    public bool IsOpen(TimeSpan now) => MayBeFound && ShutUntil <= now && Free > 0;

    public bool Matches(RoomFilters filters)
    {
        foreach (var (key, value) in filters.Pairs)
        {
            if (!(Listing.Metadata.TryGetValue(key, out var shown) && shown == value) && !MadeFor.Pairs.Contains(new(key, value)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>It will be there, and shows until then what it was made for.</summary>
    public void Make(int seats)
    {
        IsBeingMade = true;
        _listing = Unknown with { MaxPlayers = seats, Metadata = MadeFor.Pairs.ToDictionary(StringComparer.Ordinal) };
    }

    public void Show(uint node, long feed, RoomListing listing, TimeSpan now)
    {
        _places.RemoveAll(place => place.Node == node);
        _places.Add((node, feed, listing));
        Take(listing, now);
    }

    /// <param name="node">Where it does not run any more.</param>
    /// <param name="before">Only if nothing was said of it since this feed began.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether it was there.</returns>
    public bool Hide(uint node, long before, TimeSpan now)
    {
        if (_places.RemoveAll(place => place.Node == node && place.Feed < before) == 0)
        {
            return false;
        }

        if (IsShown)
        {
            Take(_places[^1].Listing, now);
        }

        return true;
    }

    public void Ask() => UnderWay++;

    /// <summary>A seat was given, or may have been.</summary>
    public void Give(TimeSpan settlesAt)
    {
        UnderWay--;
        _counted = Math.Min(_counted + 1, _listing.MaxPlayers);
        SettlesAt = settlesAt;
    }

    /// <summary>A seat was not given.</summary>
    public void Refuse(bool isFull, TimeSpan settlesAt)
    {
        UnderWay--;
        if (isFull)
        {
            _counted = _listing.MaxPlayers;
            SettlesAt = settlesAt;
        }
    }

    /// <summary>From here on what it shows counts, if nothing is under way.</summary>
    public void Settle(TimeSpan now)
    {
        if (UnderWay == 0 && SettlesAt <= now)
        {
            _counted = _listing.Players;
        }
    }

    private void Take(RoomListing listing, TimeSpan now)
    {
        _listing = listing;
        Settle(now);
    }
}
