namespace Broker.Rooms.Hosting;

/// <summary>What a snapshot says: the core, and who has a seat, which may be newer.</summary>
internal sealed record RoomContent(string Kind, string RoomId, RoomCore Core, long NextPlayer, IReadOnlyList<KeptSeat> Seats);

/// <summary>A <see cref="Seat"/> in a snapshot.</summary>
/// <param name="Left">Time until its state ends.</param>
internal sealed record KeptSeat(string Token, string? User, bool IsSpectator, SeatState State, TimeSpan Left, RoomPlayer? Player, RequestId Reservation);
