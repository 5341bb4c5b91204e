namespace Broker.Rooms.Hosting;

/// <summary>The room's code and all that follows from it, at one moment between turns.</summary>
/// <param name="Tick">Of the last step.</param>
/// <param name="Time">Room time.</param>
/// <param name="Settings">Kept with the host.</param>
/// <param name="Appointments">To come.</param>
/// <param name="NextAppointment">Id of the next one to be made.</param>
/// <param name="Work">Names of the pieces of work that run.</param>
/// <param name="Known">Players that the code was told of, in the order of coming, and whether it takes them for connected.</param>
/// <param name="Bytes">Of <see cref="Room.Snapshot"/>.</param>
internal sealed record RoomCore(
    long Tick,
    TimeSpan Time,
    RoomSettings Settings,
    IReadOnlyList<Appointment> Appointments,
    long NextAppointment,
    IReadOnlyList<string> Work,
    IReadOnlyList<(RoomPlayer Player, bool IsConnected)> Known,
    ReadOnlyMemory<byte> Bytes)
{
    /// <summary>That wrote the bytes.</summary>
    public int StateVersion { get; init; }
}
