namespace Broker.Tests.Checker.Rooms;

/// <summary>What players of a room did and saw. The room answers every call with how many it has taken, itself included.</summary>
internal sealed record RoomHistory
{
    public IReadOnlyList<RoomCall> Calls { get; init; } = [];

    public IReadOnlyList<RoomSight> Sights { get; init; } = [];

    /// <summary>Calls that the room has taken in the end.</summary>
    public long Final { get; init; }

    /// <summary>Within which every call must be answered, or its connection lost; in milliseconds.</summary>
    public long Patience { get; init; } = 26_000;
}

/// <summary>A call. Times are milliseconds of one clock for all players.</summary>
/// <param name="Player">Who called.</param>
/// <param name="Sent">When.</param>
/// <param name="Ended">When it was answered, or when its connection was lost; null: neither.</param>
/// <param name="Outcome">What the player knows of it.</param>
/// <param name="Count">The answer, of one that is done.</param>
internal sealed record RoomCall(string Player, long Sent, long? Ended, RoomCallOutcome Outcome, long Count = 0);

internal enum RoomCallOutcome
{
    /// <summary>Taken once.</summary>
    Done,

    /// <summary>Certainly not taken.</summary>
    Refused,

    /// <summary>Taken once or not at all.</summary>
    Unknown,
}

/// <summary>A state of the room that a player was shown.</summary>
/// <param name="Player">Who saw it.</param>
/// <param name="At">When.</param>
/// <param name="Generation">Of the room.</param>
internal sealed record RoomSight(string Player, long At, long Generation);
