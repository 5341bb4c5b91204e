namespace Broker.Protocol.Wire;

/// <summary>Reply to <c>room.create</c> and <c>room.join</c>: the connection has a seat.</summary>
/// <param name="Id">Of the request.</param>
/// <param name="Room">Id of the room.</param>
/// <param name="Kind">Of the room.</param>
/// <param name="Player">Who the client is there.</param>
/// <param name="Token">With which the client comes back to the seat.</param>
/// <param name="Generation">Counts the lives of the room.</param>
/// <param name="Tick">Of the state.</param>
/// <param name="Step">Milliseconds of a tick; 0: the room has none.</param>
/// <param name="Grace">Milliseconds for which the seat is kept without a connection.</param>
public readonly record struct RoomJoinedMessage(
    WireId Id, string Room, string Kind, string Player, string Token, long Generation, long Tick, double Step, long Grace)
{
    /// <summary>An encoded value in the codec's format; written as null when empty.</summary>
    public ReadOnlyMemory<byte> State { get; init; }

    /// <summary>Who else has a player's seat.</summary>
    public IReadOnlyList<RoomSeatInfo> Players { get; init; } = [];
}

/// <summary>A player as others see it.</summary>
/// <param name="Player">Within the room.</param>
/// <param name="Connected">False: the seat is kept.</param>
/// <param name="Data">What the player said about itself: an encoded value, left out when empty.</param>
public readonly record struct RoomSeatInfo(string Player, bool Connected, ReadOnlyMemory<byte> Data);

/// <summary><c>room.left</c>; <c>id</c> only as the reply to <c>room.leave</c>.</summary>
/// <param name="Reason"><c>left</c>, <c>kicked</c>, <c>replaced</c>, <c>ended</c>, <c>failed</c>.</param>
public readonly record struct RoomLeftMessage(WireId Id, string Room, string Reason);

/// <summary><c>room.state</c>; <c>id</c> only as the reply to <c>room.sync</c>.</summary>
/// <param name="Time">Milliseconds since the epoch.</param>
/// <param name="Reason"><c>asked</c>, <c>restored</c>, <c>resumed</c>.</param>
/// <param name="Data">An encoded value in the codec's format; written as null when empty.</param>
public readonly record struct RoomStateMessage(WireId Id, string Room, long Generation, long Tick, long Time, string Reason, ReadOnlyMemory<byte> Data);

/// <summary><c>room.event</c></summary>
/// <param name="Name">Left out when empty.</param>
/// <param name="From">A player; left out when null.</param>
/// <param name="Data">An encoded value in the codec's format; written as null when empty.</param>
public readonly record struct RoomEventMessage(string Room, string Name, string? From, ReadOnlyMemory<byte> Data);

/// <summary><c>room.player</c></summary>
/// <param name="Change"><c>joined</c>, <c>dropped</c>, <c>returned</c>, <c>left</c>.</param>
/// <param name="Data">What the player said about itself; left out when empty.</param>
public readonly record struct RoomPlayerMessage(string Room, string Player, string Change, ReadOnlyMemory<byte> Data);

/// <summary><c>room.paused</c></summary>
public readonly record struct RoomPausedMessage(string Room);

/// <summary><c>result</c>: a room has answered a call, or taken a message.</summary>
/// <param name="Data">An encoded value in the codec's format; written as null when empty.</param>
public readonly record struct ResultMessage(WireId Id, ReadOnlyMemory<byte> Data);

/// <summary><c>room.list</c></summary>
public readonly record struct RoomListMessage(WireId Id, IReadOnlyList<RoomListEntry> Rooms)
{
    /// <summary>Where the next page begins; left out when null.</summary>
    public string? After { get; init; }
}

/// <summary>A room as the lobby shows it; <c>metadata</c> is a map of texts.</summary>
public sealed record RoomListEntry(string Room, string Kind, int Players, int MaxPlayers, int Spectators, bool Locked, IReadOnlyDictionary<string, string> Metadata);

/// <summary><c>match.waiting</c></summary>
public readonly record struct MatchWaitingMessage(WireId Id, string Kind);

/// <summary><c>match.found</c>: the seat is taken by joining with the token.</summary>
public readonly record struct MatchFoundMessage(string Kind, string Room, string Token);
