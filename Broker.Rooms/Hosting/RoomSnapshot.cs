namespace Broker.Rooms.Hosting;

/// <summary>Everything of a room, as bytes that another host can go on from.</summary>
/// <param name="Number">For <see cref="RoomHost.SnapshotSaved"/>; 1, 2, 3, … of this host.</param>
/// <param name="Bytes">At most <see cref="RoomLimits.Snapshot"/>.</param>
public sealed record RoomSnapshot(long Number, ReadOnlyMemory<byte> Bytes);
