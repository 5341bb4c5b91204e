namespace Broker.Node.Rooms;

/// <summary>Who a <see cref="Lobby"/> is.</summary>
/// <param name="Kind">Of its rooms.</param>
/// <param name="Node">Uid of the node that it runs on.</param>
/// <param name="Incarnation">No other life of a lobby of the kind has the same, and of a node the later one has the higher one.</param>
internal sealed record LobbySettings(string Kind, uint Node, long Incarnation)
{
    /// <summary>How long two or more wait for others before they get a room of their own.</summary>
    public TimeSpan MatchWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Rooms that it knows; more are neither listed nor found.</summary>
    public int MostRooms { get; init; } = 200_000;

    /// <summary>Searches under way, and clients that wait.</summary>
    public int MostRequests { get; init; } = 20_000;
}
