using Broker.Node.Delivery;

namespace Broker.Node.Connections;

/// <summary>A seat that a connection has in a room, or has asked for.</summary>
/// <param name="room">Id of the room.</param>
/// <param name="kind">Of the room.</param>
/// <param name="cursor">Of the room's pushes.</param>
/// <param name="bucket">For what is said there; null: the kind has no steps, and it is like any message.</param>
internal sealed class RoomSeat(string room, string kind, Subscription cursor, RoomBucket? bucket)
{
    public string Room => room;

    public string Kind => kind;

    public Subscription Cursor => cursor;

    public RoomBucket? Bucket => bucket;

    /// <summary>The client has asked to leave.</summary>
    public bool IsLeaving { get; set; }
}
