namespace Broker.Rooms.Hosting;

/// <summary>Why a request was refused: the error codes of the same names that clients get.</summary>
public enum RoomError
{
    /// <summary><c>room_not_found</c>: it has ended.</summary>
    RoomNotFound,

    /// <summary><c>room_full</c></summary>
    RoomFull,

    /// <summary><c>room_refused</c>: by the room's code, or because it is locked.</summary>
    RoomRefused,

    /// <summary><c>forbidden</c>: no seat, a wrong code or token, or a spectator who wants to do something.</summary>
    Forbidden,

    /// <summary><c>invalid_message</c>: something is too long, or there is no such player.</summary>
    InvalidMessage,

    /// <summary><c>failed</c>: the room answers a call so.</summary>
    Failed,

    /// <summary><c>unavailable</c>: nothing was done, later it may go.</summary>
    Unavailable,

    /// <summary><c>internal</c>: the room's code failed over it.</summary>
    Internal,
}
