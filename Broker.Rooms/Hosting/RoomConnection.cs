namespace Broker.Rooms.Hosting;

/// <summary>Where a player is. The host compares it only; the default is nowhere.</summary>
/// <param name="Node">The node, or the lane of it, that has the connection.</param>
/// <param name="Number">Within the node.</param>
public readonly record struct RoomConnection(ulong Node, ulong Number);
