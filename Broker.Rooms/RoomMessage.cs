namespace Broker.Rooms;

/// <summary>What a player sends to the room (<c>room.send</c>).</summary>
public readonly struct RoomMessage
{
    internal RoomMessage(string name, RoomData data, RoomPlayer? to) => (Name, Data, To) = (name, data, to);

    /// <summary>Empty if the client gave none; at most <see cref="RoomLimits.Name"/> characters.</summary>
    public string Name { get; }

    /// <summary>As a stranger wrote it: one value of the kind's <see cref="RoomOptions.Format"/>, of any shape.</summary>
    public RoomData Data { get; }

    /// <summary>The player for whom it is meant; null: the client named none.</summary>
    public RoomPlayer? To { get; }
}
