using System.Globalization;

namespace Broker.Rooms;

/// <summary>Settings of a kind of rooms.</summary>
public sealed class RoomOptions
{
    /// <summary>Seats of players, reserved and dropped ones included: 1 to 1000, 16 by default.</summary>
    public int MaxPlayers { get; set; } = 16;

    /// <summary>0 to 10,000; 0 by default: nobody may only watch.</summary>
    public int MaxSpectators { get; set; }

    /// <summary>Steps a second: 0 to 60; 0 by default: no steps.</summary>
    public int StepRate { get; set; }

    /// <summary>How long the seat of a player is kept whose connection was lost: 0 to 10 minutes, 30 seconds by default.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a reserved seat is kept, and a new room without anybody in it: 1 second to 10 minutes, 15 seconds by default.</summary>
    public TimeSpan ReservationTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>What becomes of a room that the last one has left.</summary>
    public EmptyRooms EmptyRooms { get; set; } = EmptyRooms.End;

    /// <summary>Of what <see cref="Room.Snapshot"/> writes: 1 by default, to be raised when its form changes.</summary>
    public int StateVersion { get; set; } = 1;

    /// <summary>How often a room may fail and be restored before it ends: 0 to 100, 5 by default. A minute without failure counts as none.</summary>
    public int MaxFailures { get; set; } = 5;

    /// <summary>What the room reads, whatever its clients speak: JSON by default. What it sends may be in either format.</summary>
    public DataFormat Format { get; set; } = DataFormat.Json;

    /// <summary>A copy that nobody can change any more.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message names it.</exception>
    internal RoomOptions Checked(string kind)
    {
        Range(kind, nameof(MaxPlayers), MaxPlayers, 1, 1000);
        Range(kind, nameof(MaxSpectators), MaxSpectators, 0, 10_000);
        Range(kind, nameof(StepRate), StepRate, 0, 60);
        Range(kind, nameof(Grace), Grace, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Range(kind, nameof(ReservationTimeout), ReservationTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Range(kind, nameof(EmptyRooms), EmptyRooms, EmptyRooms.End, EmptyRooms.Sleep);
        Range(kind, nameof(StateVersion), StateVersion, 1, int.MaxValue);
        Range(kind, nameof(MaxFailures), MaxFailures, 0, 100);
        Range(kind, nameof(Format), Format, DataFormat.Json, DataFormat.MessagePack);
        return (RoomOptions)MemberwiseClone();
    }

    private static void Range<T>(string kind, string setting, T value, T lowest, T highest)
        where T : IComparable
    {
        if (value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0)
        {
            throw new ArgumentException(string.Format(CultureInfo.InvariantCulture, "Rooms of kind '{0}': {1} is {2}, must be {3} to {4}.", kind, setting, value, lowest, highest));
        }
    }
}

/// <summary>What becomes of a room without anybody in it.</summary>
public enum EmptyRooms
{
    /// <summary>It ends, and its state is gone.</summary>
    End,

    /// <summary>It stands still until somebody joins; its state is kept.</summary>
    Sleep,
}
