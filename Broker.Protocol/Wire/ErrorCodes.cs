namespace Broker.Protocol.Wire;

/// <summary>Wire names (<c>code</c>) and texts for people (<c>error</c>) of the error codes.</summary>
public static class ErrorCodes
{
    /// <summary>The value of <c>code</c>, e.g. <c>invalid_json</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="ErrorCode.None"/> or an undefined value: there is nothing to send.</exception>
    public static string Name(ErrorCode code) => code switch
    {
        ErrorCode.InvalidJson => "invalid_json",
        ErrorCode.InvalidMessage => "invalid_message",
        ErrorCode.UnknownType => "unknown_type",
        ErrorCode.AuthRequired => "auth_required",
        ErrorCode.InvalidToken => "invalid_token",
        ErrorCode.TokenExpired => "token_expired",
        ErrorCode.Forbidden => "forbidden",
        ErrorCode.RateLimited => "rate_limited",
        ErrorCode.TooLarge => "too_large",
        ErrorCode.LimitExceeded => "limit_exceeded",
        ErrorCode.InvalidTopic => "invalid_topic",
        ErrorCode.Unsupported => "unsupported",
        ErrorCode.StalePosition => "stale_position",
        ErrorCode.Conflict => "conflict",
        ErrorCode.Failed => "failed",
        ErrorCode.RoomNotFound => "room_not_found",
        ErrorCode.RoomFull => "room_full",
        ErrorCode.RoomRefused => "room_refused",
        ErrorCode.Unavailable => "unavailable",
        ErrorCode.Timeout => "timeout",
        ErrorCode.Internal => "internal",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "Not an error."),
    };

    /// <summary>
    /// The default <c>error</c> text. Those of invalid_json, invalid_message and rate_limited are part of the
    /// protocol: existing clients look for them.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="ErrorCode.None"/> or an undefined value.</exception>
    public static string Text(ErrorCode code) => code switch
    {
        ErrorCode.InvalidJson => "Invalid JSON",
        ErrorCode.InvalidMessage => "Invalid message format",
        ErrorCode.UnknownType => "Unknown message type",
        ErrorCode.AuthRequired => "Authentication required",
        ErrorCode.InvalidToken => "Invalid token",
        ErrorCode.TokenExpired => "Token expired",
        ErrorCode.Forbidden => "Not allowed",
        ErrorCode.RateLimited => "Rate limit exceeded",
        ErrorCode.TooLarge => "Message too large",
        ErrorCode.LimitExceeded => "Limit exceeded",
        ErrorCode.InvalidTopic => "Invalid topic name",
        ErrorCode.Unsupported => "Not supported by this topic or server",
        ErrorCode.StalePosition => "Position of an earlier epoch",
        ErrorCode.Conflict => "In conflict with what is there",
        ErrorCode.Failed => "Refused by the application",
        ErrorCode.RoomNotFound => "Room not found",
        ErrorCode.RoomFull => "Room is full",
        ErrorCode.RoomRefused => "Refused by the room",
        ErrorCode.Unavailable => "Temporarily unavailable, nothing was done",
        ErrorCode.Timeout => "Timed out, may have taken effect",
        ErrorCode.Internal => "Internal error",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "Not an error."),
    };
}
