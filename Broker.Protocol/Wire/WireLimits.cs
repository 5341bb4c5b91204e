namespace Broker.Protocol.Wire;

/// <summary>Bounds of the wire protocol that no setting changes; outside them a message is <c>invalid_message</c>, or, for the frame as a whole, refused.</summary>
public static class WireLimits
{
    /// <summary>Version of the protocol, the <c>v1</c> of the subprotocols.</summary>
    public const int Version = 1;

    /// <summary>Largest integer on the wire, 2^53-1: what a JavaScript number holds exactly.</summary>
    public const long MaxInteger = (1L << 53) - 1;

    /// <summary>Bytes of a request id that is a string.</summary>
    public const int IdBytes = 64;

    /// <summary>Bytes of an idempotency key (at least 1).</summary>
    public const int KeyBytes = 64;

    /// <summary>Bytes of the name of an entry (at least 1).</summary>
    public const int EntryBytes = 255;

    /// <summary>Messages that <c>last</c> or <c>limit</c> may ask for.</summary>
    public const int Messages = 300;

    /// <summary>
    /// Levels of maps and arrays in a frame, its own included: the <c>data</c> of a message may nest 63 levels, of a
    /// message inside an array 62.
    /// </summary>
    public const int Depth = 64;

    /// <summary>
    /// Elements of an array of messages. The smallest request has 16 bytes with its comma, so no array of requests
    /// inside the 64 KiB of a client message reaches it; it bounds what an array of scalars makes a decoder hold.
    /// </summary>
    public const int Batch = 4096;
}
