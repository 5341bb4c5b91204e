namespace Broker.Node.Connections;

/// <summary>How much one connection may say in rooms of a kind with steps: twice for each step, and three seconds' worth at once. Not thread-safe.</summary>
/// <param name="stepRate">Steps a second.</param>
/// <param name="frequency">Timestamps a second.</param>
internal sealed class RoomBucket(int stepRate, long frequency)
{
    private const int MessagesPerStep = 2;
    private const int BurstSeconds = 3;

    private TokenBucket _bucket = new(new TokenRate(MessagesPerStep * stepRate, MessagesPerStep * stepRate * BurstSeconds, frequency));

    /// <inheritdoc cref="TokenBucket.TryTake"/>
    public bool TryTake(long now, out TimeSpan retryAfter) => _bucket.TryTake(1, now, out retryAfter);
}
