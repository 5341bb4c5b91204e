namespace Broker.Rooms;

/// <summary>Bounds of a room that have no setting.</summary>
public static class RoomLimits
{
    /// <summary>Characters of a kind's name.</summary>
    public const int KindName = 64;

    /// <summary>Characters of the name of an event, a message, a method, an appointment or a piece of work.</summary>
    public const int Name = 64;

    /// <summary>Characters of a reason that a client is told.</summary>
    public const int Reason = 256;

    /// <summary>Bytes of a snapshot, all included: 1 MiB.</summary>
    public const int Snapshot = 1024 * 1024;

    /// <summary>Bytes of what a client says about itself when it joins (name, skin).</summary>
    public const int PlayerData = 4 * 1024;

    /// <summary>Bytes of one event, answer, message, of options, or of a state: 256 KiB.</summary>
    public const int Data = 256 * 1024;

    /// <summary>What a room may send in one turn.</summary>
    public const int SendsPerTurn = 10_000;

    /// <summary>Bytes that a room may send in one turn: 4 MiB.</summary>
    public const int BytesPerTurn = 4 * 1024 * 1024;

    /// <summary>Bytes of answers and events that wait for a snapshot to be kept (4 MiB); beyond, the room stands still.</summary>
    public const int HeldBytes = 4 * 1024 * 1024;

    /// <summary>Appointments of a room.</summary>
    public const int Appointments = 1_000;

    /// <summary>Bytes of the data of all appointments of a room.</summary>
    public const int AppointmentBytes = 128 * 1024;

    /// <summary>Pieces of asynchronous work that run at a time.</summary>
    public const int Work = 64;

    /// <summary>Entries of a room's metadata.</summary>
    public const int Metadata = 16;

    /// <summary>Characters of a key, or of a value, of the metadata.</summary>
    public const int MetadataText = 128;
}
