namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.lanes</c>: cross-node broadcast. Count must be the same on every node.</summary>
public sealed record LaneOptions
{
    public int Count { get; init; } = 8;

    /// <summary>Bytes kept for a peer until it acknowledges them.</summary>
    public int Window { get; init; } = 2 * 1024 * 1024;

    /// <summary>Bytes at which an envelope closes.</summary>
    public int Envelope { get; init; } = 64 * 1024;

    /// <summary>How long publishers wait for a full window before the peer is skipped.</summary>
    public TimeSpan SkipAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Silence on hellos after which a peer no longer holds the ready gate.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
