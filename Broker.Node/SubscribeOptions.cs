namespace Broker.Node;

/// <summary>How <see cref="IBroker"/> subscribes.</summary>
public sealed record SubscribeOptions
{
    /// <summary>Of a sequenced topic: the position of the last message seen; null: nothing is recovered.</summary>
    public Position? Recover { get; init; }

    /// <summary>Of a topic with history: so many of the newest messages come first where nothing is recovered, 0-300.</summary>
    public int Last { get; init; }

    /// <summary>Of a topic with presence: who is there, and who comes and goes. The application itself is no member.</summary>
    public bool Presence { get; init; }

    /// <summary>
    /// Bytes of messages that wait for the reader, 4 KiB to 64 MiB; the message that passes it is taken whole. What comes when they are full waits as for a client that takes
    /// nothing: up to <c>broker.limits.lag</c>, past which the subscription ends as too slow, or skips where the topic's <c>slow</c> says so.
    /// </summary>
    public int Buffer { get; init; } = 256 * 1024;
}
