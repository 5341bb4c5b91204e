namespace Broker.Rooms.Hosting;

/// <summary>What a room says to the outside, in order. What has a <see cref="Request"/> is the one answer to it.</summary>
public abstract record RoomOutput
{
    private protected RoomOutput()
    {
    }

    /// <summary>The request that it answers; none: nobody asked.</summary>
    public RequestId Request { get; init; }

    /// <summary>It follows from the state of the room's code, and is not true any more when that goes back to a snapshot.</summary>
    internal virtual bool IsOfState => false;

    /// <summary>Bytes that it takes up, roughly.</summary>
    internal virtual int Weight => 128;
}

/// <summary>Answer to joining: <c>room.joined</c>.</summary>
/// <param name="Connection">To which it goes.</param>
/// <param name="Player">Who it is from now on.</param>
/// <param name="Token">With which the player returns to the seat: 32 hexadecimal digits. A secret of the player.</param>
/// <param name="Tick">Of <paramref name="State"/>.</param>
/// <param name="State">As this player sees it.</param>
/// <param name="Players">Who else has a player's seat.</param>
/// <param name="HasReturned">To a seat that was there.</param>
public sealed record PlayerSeated(RoomConnection Connection, RoomPlayer Player, string Token, long Tick, RoomData State, IReadOnlyList<RoomPlayer> Players, bool HasReturned) : RoomOutput
{
    internal override int Weight => 256 + State.Bytes.Length;
}

/// <summary>Answer to a reservation: joining with the token takes the seat.</summary>
public sealed record SeatReserved(string Token) : RoomOutput;

/// <summary>Answer: nothing came of it.</summary>
/// <param name="Reason">For the client; null: none but the error.</param>
/// <param name="Data">Of a call that failed.</param>
public sealed record RequestRefused(RoomError Error, string? Reason = null, RoomData Data = default) : RoomOutput
{
    internal override int Weight => 128 + Data.Bytes.Length;
}

/// <summary>Answer: the room is there.</summary>
public sealed record RoomCreated : RoomOutput;

/// <summary>Answer: <c>result</c>, of a call or because the room has taken a message.</summary>
public sealed record RequestDone(RoomData Data) : RoomOutput
{
    internal override bool IsOfState => true;

    internal override int Weight => 128 + Data.Bytes.Length;
}

/// <summary><c>room.event</c></summary>
/// <param name="Audience">To whom.</param>
/// <param name="Connection">The only one, or the one that does not get it.</param>
/// <param name="Name">May be empty.</param>
/// <param name="From">Id of a player; null: the room itself.</param>
public sealed record EventSent(RoomAudience Audience, RoomConnection Connection, string Name, string? From, RoomData Data) : RoomOutput
{
    internal override bool IsOfState => true;

    internal override int Weight => 128 + Data.Bytes.Length;
}

/// <summary>Who gets an event; one whose connection is lost gets nothing.</summary>
public enum RoomAudience
{
    Everybody,
    Only,
    AllBut,
}

/// <summary><c>room.player</c>, to everybody but the player; of players, not of spectators.</summary>
public sealed record PlayerChanged(RoomConnection Except, RoomPlayer Player, PlayerChange Change) : RoomOutput;

/// <summary><c>change</c> of <c>room.player</c>.</summary>
public enum PlayerChange
{
    Joined,
    Dropped,
    Returned,
    Left,
}

/// <summary><c>room.state</c>: replaces all that the client knows of the room.</summary>
public sealed record StateShown(RoomConnection Connection, long Tick, StateReason Reason, RoomData Data) : RoomOutput
{
    internal override bool IsOfState => Request.IsNone;

    internal override int Weight => 128 + Data.Bytes.Length;
}

/// <summary><c>reason</c> of <c>room.state</c>.</summary>
public enum StateReason
{
    /// <summary>The client asked.</summary>
    Asked,

    /// <summary>The room goes on from a snapshot; what was sent after it counts no more.</summary>
    Restored,

    /// <summary>The room goes on after a pause in which nothing was lost.</summary>
    Resumed,
}

/// <summary><c>room.paused</c>, to everybody.</summary>
public sealed record RoomPaused : RoomOutput;

/// <summary><c>room.left</c>, to one connection. As an answer: to leaving.</summary>
public sealed record PlayerRemoved(RoomConnection Connection, RemovalReason Reason) : RoomOutput;

/// <summary><c>reason</c> of <c>room.left</c> as far as the room goes on.</summary>
public enum RemovalReason
{
    Left,
    Kicked,

    /// <summary>A newer connection has the seat.</summary>
    Replaced,
}

/// <summary>The last output: everybody gets <c>room.left</c> with <c>ended</c>, or <c>failed</c>.</summary>
public sealed record RoomEnded(bool HasFailed) : RoomOutput;

/// <summary>Nobody is in it. It may be kept as a snapshot alone, and is restored when somebody wants to join.</summary>
public sealed record RoomSlept : RoomOutput;

/// <summary>What the lobby shows of the room has changed.</summary>
public sealed record ListingChanged(RoomListing Listing) : RoomOutput
{
    internal override int Weight => 1024;
}
