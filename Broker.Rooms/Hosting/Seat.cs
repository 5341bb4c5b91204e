namespace Broker.Rooms.Hosting;

/// <summary>A place in a room. <see cref="RoomPlayer.IsConnected"/> is what the room's code was told; <see cref="State"/> is how it is.</summary>
internal sealed class Seat
{
    public Seat(string token, string? user, bool isSpectator) => (Token, User, IsSpectator) = (token, user, isSpectator);

    public string Token { get; }

    public string? User { get; }

    public bool IsSpectator { get; }

    public SeatState State { get; set; }

    /// <summary>Null: reserved.</summary>
    public RoomPlayer? Player { get; set; }

    /// <summary>Somewhere only while <see cref="SeatState.Connected"/>.</summary>
    public RoomConnection Connection { get; set; }

    /// <summary>When the state ends by itself; null: never.</summary>
    public TimeSpan? Deadline { get; set; }

    /// <summary>The request that reserved it.</summary>
    public RequestId Reservation { get; set; }

    /// <summary>The room's code knows that the player has joined.</summary>
    public bool IsTold { get; set; }

    /// <summary>As far as anybody knows.</summary>
    public bool IsThere => State is SeatState.Connected or SeatState.Expected;
}

/// <summary>One byte in snapshots.</summary>
internal enum SeatState : byte
{
    Reserved,
    Connected,
    Dropped,

    /// <summary>Was connected when the snapshot was taken; where the player is now has not been heard yet.</summary>
    Expected,
}
