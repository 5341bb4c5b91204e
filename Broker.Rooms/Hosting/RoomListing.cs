namespace Broker.Rooms.Hosting;

/// <summary>What a lobby knows of a room.</summary>
/// <param name="Players">Seats of players that are taken: reserved and dropped ones included.</param>
/// <param name="MaxPlayers">Of the kind.</param>
/// <param name="Spectators">Who only watch.</param>
/// <param name="IsLocked">Nobody new may join.</param>
/// <param name="IsPrivate">Nobody may see it who has not the code.</param>
/// <param name="Metadata">A copy.</param>
public sealed record RoomListing(int Players, int MaxPlayers, int Spectators, bool IsLocked, bool IsPrivate, IReadOnlyDictionary<string, string> Metadata);
