namespace Broker.Rooms;

/// <summary>A room did what it may not, such as going over one of the <see cref="RoomLimits"/>. Thrown at the room's code; uncaught it is a failure like any other.</summary>
public sealed class RoomException : Exception
{
    public RoomException()
    {
    }

    public RoomException(string message) : base(message)
    {
    }

    public RoomException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
