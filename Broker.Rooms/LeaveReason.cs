namespace Broker.Rooms;

/// <summary>Why a player has left for good.</summary>
public enum LeaveReason
{
    /// <summary>By its own wish; also where a room that was restored cannot know any more.</summary>
    Left,

    /// <summary>By <see cref="RoomContext.Kick"/>.</summary>
    Kicked,

    /// <summary>The connection was lost and did not come back within <see cref="RoomOptions.Grace"/>.</summary>
    TimedOut,
}
