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

/// <summary>Which close codes may stand in a close frame.</summary>
public static class CloseCodes
{
    /// <summary>
    /// RFC 6455 section 7.4 and the IANA registry: 1000-1003 and 1007-1014 are defined, 3000-4999 are for libraries
    /// and applications; 1004, 1005, 1006 and 1015 MUST NOT be set, the rest is reserved.
    /// </summary>
    public static bool MayBeSent(CloseCode code) => (ushort)code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
}
