namespace Broker.Rooms.Hosting;

/// <summary>Why a snapshot cannot be restored here.</summary>
public enum SnapshotRefusal
{
    None,

    /// <summary>Cut, changed, or something else altogether.</summary>
    Damaged,

    /// <summary>Of another kind or another room.</summary>
    Foreign,

    /// <summary>Of a newer version of the kind, or of this library: another node can restore it.</summary>
    Newer,
}
