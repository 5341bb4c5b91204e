using Akka.Event;
using Broker.Node.Links;
using Broker.Protocol.Wire;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>What nodes and the lobby of a kind say to each other: to the lobby by the shard region, to a node by its actor.</summary>
/// <param name="Kind">Of the rooms.</param>
internal abstract record LobbyMessage(string Kind) : IBrokerMessage, IDeadLetterSuppression;

/// <summary>A node asks for one of its clients; again and again, until it is answered.</summary>
/// <param name="Kind">Of the rooms.</param>
/// <param name="Node">Uid of the node.</param>
/// <param name="Number">Of the request, on its node; the same when it is asked again.</param>
/// <param name="What">What is asked.</param>
internal sealed record LobbyAsk(string Kind, uint Node, long Number, LobbyAskKind What) : LobbyMessage(Kind)
{
    /// <summary>Id of the user; null: a guest.</summary>
    public string? User { get; init; }

    public RoomFilters Filters { get; init; } = RoomFilters.None;

    /// <summary>Of a new room: JSON; empty: none.</summary>
    public ReadOnlyMemory<byte> Options { get; init; }

    /// <summary>Players in a room of the kind.</summary>
    public int Seats { get; init; }

    public bool MayCreate { get; init; }

    /// <summary>Of a list: rooms at most.</summary>
    public int Limit { get; init; }

    /// <summary>Of a list: the room behind which it begins; null: at the beginning.</summary>
    public string? After { get; init; }
}

/// <summary>What a <see cref="LobbyAsk"/> asks; one byte between nodes.</summary>
internal enum LobbyAskKind : byte
{
    Find = 1,
    List,

    /// <summary>A place in the queue; asked again as long as the client waits.</summary>
    Wait,

    /// <summary>What was asked under this number is not wanted any more; there is no answer.</summary>
    Forget,
}

/// <summary>The lobby's answer to a <see cref="LobbyAsk"/>.</summary>
/// <param name="Kind">Of the rooms.</param>
/// <param name="Number">Of the request.</param>
/// <param name="Error"><see cref="ErrorCode.None"/>: it has what was asked for.</param>
internal sealed record LobbyReply(string Kind, long Number, ErrorCode Error) : LobbyMessage(Kind)
{
    public string? Room { get; init; }

    /// <summary>Of the seat that is kept.</summary>
    public string? Token { get; init; }

    public IReadOnlyList<RoomListEntry> Rooms { get; init; } = [];

    /// <summary>Where the next page begins; null: there is none.</summary>
    public string? After { get; init; }

    /// <summary>The client is in the queue; another answer follows.</summary>
    public bool IsWaiting { get; init; }
}

/// <summary>
/// What a node's rooms of the kind are like, in batches: the next one is sent when the lobby has taken this one, which is sent again until then.
/// Without a number it only wakes the lobby.
/// </summary>
/// <param name="Kind">Of the rooms.</param>
/// <param name="Node">Uid of the node.</param>
/// <param name="Incarnation">Of the lobby that it is for; 0: none was heard.</param>
/// <param name="Feed">Counts how often the node has begun to say all of it.</param>
/// <param name="Number">Of the batch, within the feed, from 1; 0: there is none.</param>
internal sealed record RoomsShown(string Kind, uint Node, long Incarnation, long Feed, long Number) : LobbyMessage(Kind)
{
    public IReadOnlyList<ShownRoom> Rooms { get; init; } = [];

    /// <summary>Everything has been said: what this feed has not named does not run there.</summary>
    public bool IsWhole { get; init; }
}

/// <summary>A room on a node.</summary>
/// <param name="Room">Id of the room.</param>
/// <param name="Listing">Null: it does not run there any more.</param>
internal sealed record ShownRoom(string Room, RoomListing? Listing);

/// <summary>What the lobby has taken of a node's rooms. Of an incarnation that the node does not know it asks for all of them.</summary>
/// <param name="Kind">Of the rooms.</param>
/// <param name="Incarnation">Of the lobby.</param>
/// <param name="Feed">The node's newest of which it has something; 0: none.</param>
/// <param name="Last">Number of the last batch of that feed.</param>
internal sealed record LobbyHeard(string Kind, long Incarnation, long Feed, long Last) : LobbyMessage(Kind);
