using System.IO.Compression;

namespace Broker.Protocol.Deflate;

/// <summary>What a server wants of permessage-deflate.</summary>
public sealed record DeflateOptions
{
    /// <summary>
    /// The server compresses each message by itself. RFC 7692 section 7.1.1.1: it may say so whether or not it was asked.
    /// </summary>
    public bool ServerNoContextTakeover { get; init; }

    /// <summary>
    /// The client must compress each message by itself, so that the server keeps nothing between them. Section 7.1.1.2: the
    /// server may ask for it whether or not the client offered it.
    /// </summary>
    public bool ClientNoContextTakeover { get; init; }

    /// <summary>Bytes of a message from which it is sent compressed.</summary>
    public int Threshold { get; init; } = 1024;

    public CompressionLevel Level { get; init; } = CompressionLevel.Fastest;
}
