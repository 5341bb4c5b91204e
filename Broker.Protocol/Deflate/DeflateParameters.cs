using System.IO.Compression;
using Broker.Protocol.Session;

namespace Broker.Protocol.Deflate;

/// <summary>What both ends agreed on (RFC 7692 section 7.1), and when this end compresses.</summary>
public sealed record DeflateParameters
{
    public const int MinWindowBits = 8;
    public const int MaxWindowBits = 15;

    /// <summary>The server compresses each message by itself.</summary>
    public bool ServerNoContextTakeover { get; init; }

    /// <summary>The client compresses each message by itself.</summary>
    public bool ClientNoContextTakeover { get; init; }

    /// <summary>The server's window is 2 to the power of this many bytes.</summary>
    public int ServerMaxWindowBits { get; init; } = MaxWindowBits;

    /// <summary>The client's window is 2 to the power of this many bytes.</summary>
    public int ClientMaxWindowBits { get; init; } = MaxWindowBits;

    /// <summary>Bytes of a message from which this end compresses it; not negotiated.</summary>
    public int Threshold { get; init; } = 1024;

    /// <summary>Not negotiated.</summary>
    public CompressionLevel Level { get; init; } = CompressionLevel.Fastest;

    /// <summary>For what the other end of <paramref name="role"/> sends.</summary>
    public MessageInflater CreateInflater(WebSocketRole role) => role == WebSocketRole.Server
        ? new MessageInflater(ClientMaxWindowBits, !ClientNoContextTakeover)
        : new MessageInflater(ServerMaxWindowBits, !ServerNoContextTakeover);

    /// <summary>For what <paramref name="role"/> sends.</summary>
    public MessageDeflater CreateDeflater(WebSocketRole role) =>
        new(Level, role == WebSocketRole.Server ? !ServerNoContextTakeover : !ClientNoContextTakeover);
}
