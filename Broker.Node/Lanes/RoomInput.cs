using Akka.Event;
using Broker.Node.Links;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>
/// What a room is asked or told, by the lane of a player's connection or by the lobby. By the shard region as long as nobody knows who runs the room,
/// else over the owned link.
/// </summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Room">Id of the room: one token of a topic's name.</param>
internal sealed record RoomInput(RoomInputKind Kind, string Room) : IBrokerMessage, IDeadLetterSuppression
{
    /// <summary>Uid of the node that has the connection, and counts the request.</summary>
    public uint Node { get; init; }

    /// <summary>Number of the connection on the node; 0: of none.</summary>
    public long Connection { get; init; }

    /// <summary>Of the request, on its node; 0: nothing is to be answered. The same when it is asked again.</summary>
    public long Number { get; init; }

    /// <summary>The client's name for its request.</summary>
    public WireId Id { get; init; }

    /// <summary>Id of the user; null: a guest.</summary>
    public string? User { get; init; }

    /// <summary>Of a new room.</summary>
    public string RoomKind { get; init; } = "";

    /// <summary>Of a message, or the method of a call.</summary>
    public string Name { get; init; } = "";

    /// <summary>The player whom a message is for; null: nobody in particular.</summary>
    public string? To { get; init; }

    /// <summary>Of a seat; null: none.</summary>
    public string? Token { get; init; }

    /// <summary>Of a private room; null: none.</summary>
    public string? Code { get; init; }

    public bool AsSpectator { get; init; }

    /// <summary>An encoded value; empty: none.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Of a new room: an encoded value; empty: none.</summary>
    public ReadOnlyMemory<byte> Options { get; init; }

    /// <summary>Of <see cref="Data"/> and <see cref="Options"/>.</summary>
    public WireFormat Format { get; init; }
}

/// <summary>What a <see cref="RoomInput"/> asks; one byte between nodes.</summary>
internal enum RoomInputKind : byte
{
    /// <summary>A new room; where a connection asks, it gets a seat in it.</summary>
    Create = 1,

    Join,

    /// <summary>A connection has a seat, says its node to whoever runs the room now.</summary>
    Announce,

    Leave,
    Send,
    Call,
    Sync,

    /// <summary>The connection has ended.</summary>
    Drop,

    /// <summary>Of the lobby: keep a seat for somebody who will come with its token.</summary>
    Reserve,
}

/// <summary>A room's answer to who asked by the shard region and is no connection: the lobby.</summary>
/// <param name="Room">Id of the room.</param>
/// <param name="Number">Of the request.</param>
/// <param name="Error"><see cref="ErrorCode.None"/>: done.</param>
internal sealed record RoomReply(string Room, long Number, ErrorCode Error) : IBrokerMessage, IDeadLetterSuppression
{
    /// <summary>Of the seat that was reserved.</summary>
    public string? Token { get; init; }
}
