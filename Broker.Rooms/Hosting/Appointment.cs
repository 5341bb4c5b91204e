namespace Broker.Rooms.Hosting;

/// <summary>A call of <see cref="Room.Due"/> to come.</summary>
/// <param name="Id">1, 2, 3, … in the life of the room.</param>
/// <param name="Due">In room time.</param>
internal sealed record Appointment(long Id, TimeSpan Due, string Name, RoomData Data);
