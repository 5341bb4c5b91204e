namespace Broker.Node.Connections;

/// <summary>The settings many <see cref="TokenBucket"/>s share. Immutable.</summary>
/// <param name="perSecond">Tokens that come back each second; at least 1.</param>
/// <param name="burst">Tokens of a full bucket; at least 1.</param>
/// <param name="frequency">Timestamps a second (<see cref="TimeProvider.TimestampFrequency"/>).</param>
internal sealed class TokenRate(int perSecond, int burst, long frequency)
{
    public int PerSecond { get; } = Math.Max(perSecond, 1);

    public int Burst { get; } = Math.Max(burst, 1);

    public long Frequency { get; } = frequency;

    /// <summary>Timestamps after which any bucket is full again.</summary>
    public long FullAfter { get; } = (Math.Max(burst, 1) * frequency / Math.Max(perSecond, 1)) + 1;
}
