using Akka.Actor;

namespace Broker.Node.Rooms;

/// <summary>What a client asks of the lobby. Rights to the kind have been checked, but for what <see cref="MayCreate"/> says.</summary>
/// <param name="Connection">Number of the connection on this node.</param>
/// <param name="Actor">The connection's actor, which gets the <see cref="LobbyAnswer"/>.</param>
/// <param name="Number">Of the request, on its connection.</param>
/// <param name="Kind">Of the rooms; empty, for a list only: all of <see cref="Kinds"/>.</param>
internal sealed record LobbyRequest(long Connection, IActorRef Actor, long Number, string Kind)
{
    /// <summary>Id of the user; null: a guest.</summary>
    public string? User { get; init; }

    /// <summary>Whether a new room may be made for the client; else only one that is there will do.</summary>
    public bool MayCreate { get; init; }

    /// <summary>Filters: a JSON map; empty: none.</summary>
    public ReadOnlyMemory<byte> Match { get; init; }

    /// <summary>Of a new room: a JSON map; empty: none.</summary>
    public ReadOnlyMemory<byte> Options { get; init; }

    /// <summary>Of a list without a kind: those the client may join, in their order.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>Of a list: rooms at most.</summary>
    public int Limit { get; init; }

    /// <summary>Of a list: where it goes on, as an earlier answer said; null: at the beginning.</summary>
    public string? After { get; init; }
}
