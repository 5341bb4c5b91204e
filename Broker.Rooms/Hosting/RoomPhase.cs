namespace Broker.Rooms.Hosting;

/// <summary>What a <see cref="RoomHost"/> is doing.</summary>
public enum RoomPhase
{
    Running,

    /// <summary>The room's code has failed and will be restored.</summary>
    Failed,

    /// <summary>Nobody is in it.</summary>
    Asleep,

    /// <summary>For good.</summary>
    Ended,
}
