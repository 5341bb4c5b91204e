namespace Broker.Rooms.Hosting;

/// <summary>What somebody says who wants to join.</summary>
/// <param name="Connection">From where.</param>
/// <param name="User">Id of the user; null: a guest.</param>
public sealed record JoinInput(RoomConnection Connection, string? User = null)
{
    /// <summary>Of a seat that was reserved or dropped.</summary>
    public string? Token { get; init; }

    /// <summary>Of a private room.</summary>
    public string? Code { get; init; }

    public bool AsSpectator { get; init; }

    /// <summary>About the player.</summary>
    public RoomData Data { get; init; }
}
