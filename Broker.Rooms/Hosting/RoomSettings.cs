namespace Broker.Rooms.Hosting;

/// <summary>What the room's code keeps with the host.</summary>
internal sealed record RoomSettings(bool IsLocked, string? Code, IReadOnlyDictionary<string, string> Metadata, (ulong A, ulong B, ulong C, ulong D) Random);
