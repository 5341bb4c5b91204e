using System.Security.Cryptography;

namespace Broker.Rooms.Hosting;

/// <summary>What a <see cref="RoomHost"/> needs to run a room.</summary>
/// <param name="Kind">Of the room.</param>
/// <param name="RoomId">Given by the caller.</param>
/// <param name="Services">Of the application; the room's constructor may ask for them.</param>
/// <param name="Output">Of the host.</param>
public sealed record RoomSetup(RoomKind Kind, string RoomId, IServiceProvider Services, IRoomOutput Output)
{
    /// <summary>Fills an array with random bytes for tokens and codes, which nobody may guess. Tests put known bytes there.</summary>
    public Action<byte[]> FillSecret { get; init; } = static bytes => RandomNumberGenerator.Fill(bytes);
}
