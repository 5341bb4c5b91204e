using System.Globalization;

namespace Broker.Rooms.Hosting;

/// <summary>Who has a seat, and by what they are found. One user has one seat, and so has one connection.</summary>
internal sealed class SeatTable
{
    private readonly RoomOptions _options;
    private readonly List<Seat> _seats = [];
    private readonly Dictionary<RoomConnection, Seat> _byConnection = [];
    private readonly Dictionary<string, Seat> _byToken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Seat> _byUser = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Seat> _byPlayer = new(StringComparer.Ordinal);
    private readonly List<RoomPlayer> _players = [];
    private readonly List<RoomPlayer> _spectators = [];

    public SeatTable(RoomOptions options) => _options = options;

    /// <summary>In the order of being taken or reserved.</summary>
    public IReadOnlyList<Seat> All => _seats;

    /// <summary>That the room's code knows, in the order of coming.</summary>
    public IReadOnlyList<RoomPlayer> Players => _players;

    public IReadOnlyList<RoomPlayer> Spectators => _spectators;

    /// <summary>Seats of players that nobody else can have.</summary>
    public int Taken { get; private set; }

    public int Watching => _seats.Count - Taken;

    /// <summary>The number of the player that comes next.</summary>
    public long NextPlayer { get; set; } = 1;

    public string NextPlayerId() => "p" + (NextPlayer++).ToString(CultureInfo.InvariantCulture);

    public bool HasRoom(bool forSpectator) => forSpectator ? Watching < _options.MaxSpectators : Taken < _options.MaxPlayers;

    public Seat? Of(RoomConnection connection) => _byConnection.GetValueOrDefault(connection);

    public Seat? OfToken(string token) => _byToken.GetValueOrDefault(token);

    public Seat? OfUser(string user) => _byUser.GetValueOrDefault(user);

    /// <summary>Of one that the room's code knows.</summary>
    public Seat? OfPlayer(string id) => _byPlayer.GetValueOrDefault(id);

    public Seat? OfReservation(RequestId request) => request.IsNone ? null : _seats.Find(seat => seat.Reservation == request);

    /// <exception cref="InvalidOperationException">Its token or its user has a seat.</exception>
    public void Add(Seat seat)
    {
        if (!_byToken.TryAdd(seat.Token, seat) || (seat.User is { } user && !_byUser.TryAdd(user, seat)))
        {
            throw new InvalidOperationException("A seat for this token or user is there already.");
        }

        _seats.Add(seat);
        Taken += seat.IsSpectator ? 0 : 1;
    }

    /// <summary>The seat is at this connection from now on, and nothing else is.</summary>
    public void Connect(Seat seat, RoomConnection connection)
    {
        Disconnect(seat);
        _byConnection.Add(connection, seat);
        (seat.Connection, seat.State, seat.Deadline) = (connection, SeatState.Connected, null);
    }

    public void Drop(Seat seat, TimeSpan deadline)
    {
        Disconnect(seat);
        (seat.State, seat.Deadline) = (SeatState.Dropped, deadline);
    }

    public void Remove(Seat seat)
    {
        Disconnect(seat);
        Forget(seat);
        _byToken.Remove(seat.Token);
        if (seat.User is { } user)
        {
            _byUser.Remove(user);
        }

        _seats.Remove(seat);
        Taken -= seat.IsSpectator ? 0 : 1;
    }

    /// <summary>The room's code knows of the player from now on.</summary>
    public void Tell(Seat seat, bool isConnected)
    {
        seat.Player!.IsConnected = isConnected;
        if (!seat.IsTold)
        {
            seat.IsTold = true;
            _byPlayer.Add(seat.Player.Id, seat);
            (seat.IsSpectator ? _spectators : _players).Add(seat.Player);
        }
    }

    /// <summary>The room's code does not know of the player.</summary>
    public void Forget(Seat seat)
    {
        if (seat.IsTold)
        {
            seat.IsTold = false;
            _byPlayer.Remove(seat.Player!.Id);
            (seat.IsSpectator ? _spectators : _players).Remove(seat.Player);
        }
    }

    private void Disconnect(Seat seat)
    {
        _byConnection.Remove(seat.Connection);
        seat.Connection = default;
    }
}
