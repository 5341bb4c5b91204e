using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>A push, as it is given to the logs of its topic: without anything that a transport puts around it.</summary>
internal readonly ref struct LogEntry(ReadOnlySpan<byte> payload, WireFormat format)
{
    /// <summary>The message that a client reads.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;

    public WireFormat Format { get; } = format;

    /// <summary>The connection that must not get it; 0: none. Below 0: the negative of the only one that gets it.</summary>
    public long Origin { get; init; }

    /// <summary>When it was published, in milliseconds since the epoch; 0: its topic shows no times.</summary>
    public long Time { get; init; }

    /// <summary>The payload is compressed (RFC 7692 section 7.2.1).</summary>
    public bool IsDeflated { get; init; }

    /// <summary>It stands for what was lost.</summary>
    public bool IsGap { get; init; }
}
