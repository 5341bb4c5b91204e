namespace Broker.Protocol.Frames;

/// <summary>Which close codes may stand in a close frame.</summary>
public static class CloseCodes
{
    /// <summary>
    /// RFC 6455 section 7.4 and the IANA registry: 1000-1003 and 1007-1014 are defined, 3000-4999 are for libraries
    /// and applications; 1004, 1005, 1006 and 1015 MUST NOT be set, the rest is reserved.
    /// </summary>
    public static bool MayBeSent(CloseCode code) => (ushort)code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
}
