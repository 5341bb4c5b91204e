namespace Broker.Protocol.Http;

/// <summary>Bounds of one message head. Reaching a bound is allowed, passing it is refused as soon as the bytes show it.</summary>
public sealed record HttpLimits
{
    /// <summary>Bytes of the start line without its CRLF; more is 414.</summary>
    public int RequestLine { get; init; } = 8192;

    /// <summary>Bytes of all header lines with their CRLFs and the closing empty line; more is 431.</summary>
    public int HeaderBytes { get; init; } = 16384;

    /// <summary>Header lines; one more is 431.</summary>
    public int HeaderCount { get; init; } = 64;
}
