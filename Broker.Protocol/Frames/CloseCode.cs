namespace Broker.Protocol.Frames;

/// <summary>WebSocket close codes (RFC 6455 section 7.4.1, IANA registry) and those of the client protocol (4000-4999).</summary>
public enum CloseCode : ushort
{
    NormalClosure = 1000,
    GoingAway = 1001,
    ProtocolError = 1002,
    UnsupportedData = 1003,

    /// <summary>Reserved: a close frame without a code. Never sent.</summary>
    NoStatusReceived = 1005,

    /// <summary>Reserved: the connection ended without a close frame. Never sent.</summary>
    AbnormalClosure = 1006,
    InvalidPayloadData = 1007,
    PolicyViolation = 1008,
    MessageTooBig = 1009,
    MandatoryExtension = 1010,
    InternalError = 1011,
    ServiceRestart = 1012,
    TryAgainLater = 1013,
    BadGateway = 1014,

    /// <summary>Reserved: TLS handshake failure. Never sent.</summary>
    TlsHandshake = 1015,

    /// <summary>The token expired, also at connect.</summary>
    TokenExpired = 4001,

    /// <summary>Disconnected by the application, or rights revoked.</summary>
    Disconnected = 4003,
}
