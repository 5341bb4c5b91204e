namespace Broker.Protocol.Wire;

/// <summary>Codes of the wire's <c>error</c> message; a code is never reused. <c>ErrorCodes</c> has their wire names and texts.</summary>
public enum ErrorCode : byte
{
    None,
    InvalidJson,
    InvalidMessage,
    UnknownType,
    AuthRequired,
    InvalidToken,
    TokenExpired,
    Forbidden,
    RateLimited,
    TooLarge,
    LimitExceeded,
    InvalidTopic,
    Unsupported,
    StalePosition,
    Conflict,
    Failed,
    RoomNotFound,
    RoomFull,
    RoomRefused,
    Unavailable,
    Timeout,
    Internal,
}
