using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>What a room says to the nodes with its players. In order, by the lane of the room and the owned link.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Room">Id of the room.</param>
/// <param name="Generation">Counts the lives of the room: what an earlier one says is nobody's any more. 0: of a node that does not run the room.</param>
internal sealed record RoomPush(RoomPushKind Kind, string Room, long Generation)
{
    /// <summary>Uid of the node of <see cref="Connection"/>.</summary>
    public uint Node { get; init; }

    /// <summary>Whom it is about, or the only one who gets it, or does not; 0: nobody.</summary>
    public long Connection { get; init; }

    /// <summary>The request that it answers; 0: none.</summary>
    public long Number { get; init; }

    /// <summary>Of <see cref="RoomPushKind.Refused"/>: why.</summary>
    public ErrorCode Error { get; init; }

    /// <summary>Of <see cref="RoomPushKind.Seated"/>: of the seat.</summary>
    public string Token { get; init; } = "";

    /// <summary>The message that a client reads; empty: none.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Of the payload.</summary>
    public WireFormat Format { get; init; }
}

/// <summary>What a <see cref="RoomPush"/> is; one byte between nodes.</summary>
internal enum RoomPushKind : byte
{
    /// <summary>A message for everybody in the room.</summary>
    All = 1,

    /// <summary>A message for all but one connection.</summary>
    AllBut,

    /// <summary>A message for one connection.</summary>
    Only,

    /// <summary>A connection has a seat: it gets what is said from now on.</summary>
    Seated,

    /// <summary>A connection has no seat any more; the message is its last.</summary>
    Removed,

    /// <summary>Why a request was refused.</summary>
    Refused,

    /// <summary>A request of the node itself is done.</summary>
    Done,

    /// <summary>The room has ended; the message is the last for everybody.</summary>
    Ended,

    /// <summary>The room goes on somewhere else: it is to be looked for.</summary>
    Moving,

    /// <summary>The room runs.</summary>
    Alive,

    /// <summary>The link had no room for what was said before: the node is to ask for the state.</summary>
    Missed,

    /// <summary>The room does not run on this node; nothing was done.</summary>
    NotHere,
}
