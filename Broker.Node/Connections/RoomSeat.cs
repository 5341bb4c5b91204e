using Broker.Node.Delivery;

namespace Broker.Node.Connections;

/// <summary>A seat that a connection has in a room, or has asked for.</summary>
/// <param name="room">Id of the room.</param>
/// <param name="kind">Of the room.</param>
/// <param name="cursor">Of the room's pushes.</param>
internal sealed class RoomSeat(string room, string kind, Subscription cursor)
{
    public string Room => room;

    public string Kind => kind;

    public Subscription Cursor => cursor;

    /// <summary>The client has asked to leave.</summary>
    public bool IsLeaving { get; set; }
}
