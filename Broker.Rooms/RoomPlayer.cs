namespace Broker.Rooms;

/// <summary>
/// Somebody who has a seat in a room. The same object from joining to leaving, but a new one after the room was restored: in a
/// room's state, keep the <see cref="Id"/>.
/// </summary>
public sealed class RoomPlayer
{
    internal RoomPlayer(string id, string? user, RoomData data, bool isSpectator) => (Id, User, Data, IsSpectator) = (id, user, data, isSpectator);

    /// <summary><c>p1</c>, <c>p2</c>, … in the order of coming; never given twice in a room's life.</summary>
    public string Id { get; }

    /// <summary>Id of the user; null: a guest.</summary>
    public string? User { get; }

    /// <summary>What the client said about itself when it joined, e.g. a name or a skin. As a stranger wrote it.</summary>
    public RoomData Data { get; }

    /// <summary>Sees everything that is sent to all, and can send nothing.</summary>
    public bool IsSpectator { get; }

    /// <summary>False from <see cref="Room.Dropped"/> to <see cref="Room.Returned"/>; what is sent to the player meanwhile is lost.</summary>
    public bool IsConnected { get; internal set; } = true;

    public override string ToString() => Id;
}
