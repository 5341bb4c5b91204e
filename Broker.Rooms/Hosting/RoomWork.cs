namespace Broker.Rooms.Hosting;

/// <summary>Asynchronous work of a room.</summary>
/// <param name="Id">For <see cref="RoomHost.WorkEnded"/>.</param>
/// <param name="Name">As the room calls it.</param>
/// <param name="Run">What is to be run; may throw.</param>
/// <param name="Cancellation">Cancelled when nobody waits for it any more.</param>
public sealed record RoomWork(long Id, string Name, Func<CancellationToken, Task<RoomData>> Run, CancellationToken Cancellation);
