using System.IO.Compression;

namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.deflate</c>: permessage-deflate (RFC 7692) on the WebSocket paths.</summary>
public sealed record MessageDeflateOptions
{
    public bool Enabled { get; init; }

    /// <summary>Bytes of a push from which it is sent compressed.</summary>
    public int Threshold { get; init; } = 1024;

    public DeflateLevel Level { get; init; } = DeflateLevel.Fastest;

    internal CompressionLevel CompressionLevel => Level switch
    {
        DeflateLevel.Fastest => CompressionLevel.Fastest,
        DeflateLevel.Optimal => CompressionLevel.Optimal,
        _ => CompressionLevel.SmallestSize,
    };
}

/// <summary>Speed against size, as .NET names it.</summary>
public enum DeflateLevel
{
    Fastest,
    Optimal,
    Smallest,
}
