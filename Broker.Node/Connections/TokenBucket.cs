namespace Broker.Node.Connections;

/// <summary>A token bucket, full at first. Not thread-safe; keep it in a field that is not readonly.</summary>
/// <remarks>
/// It holds what is owed in units of 1/frequency of a token, of which one timestamp pays back <c>PerSecond</c>:
/// whole numbers, so that nothing is rounded away however often it is asked.
/// </remarks>
internal struct TokenBucket(TokenRate rate)
{
    private long _owed;
    private long _asOf;

    /// <summary>Takes <paramref name="count"/> tokens, or none.</summary>
    /// <remarks>
    /// <paramref name="now"/>: A monotonic timestamp; an earlier one than the last counts as the last.<br/>
    /// <paramref name="retryAfter"/>: On refusal, when the same question would succeed; for more than the burst, which never does, when the bucket is full.
    /// </remarks>
    public bool TryTake(int count, long now, out TimeSpan retryAfter)
    {
        PayBack(now);
        var capacity = rate.Burst * rate.Frequency;
        var wanted = count * rate.Frequency;
        if (wanted <= capacity - _owed)
        {
            _owed += wanted;
            retryAfter = TimeSpan.Zero;
            return true;
        }

        var lacking = Math.Min(_owed + wanted - capacity, _owed);
        var timestamps = (lacking + rate.PerSecond - 1) / rate.PerSecond;
        retryAfter = TimeSpan.FromTicks((long)((((Int128)timestamps * TimeSpan.TicksPerSecond) + rate.Frequency - 1) / rate.Frequency));
        return false;
    }

    /// <summary>A bucket of another rate in which the same is owed, as far as that can be.</summary>
    public readonly TokenBucket With(TokenRate other) => new(other) { _owed = Math.Min(_owed, other.Burst * other.Frequency), _asOf = _asOf };

    private void PayBack(long now)
    {
        var elapsed = now - _asOf;
        if (_owed > 0 && elapsed <= 0)
        {
            return;
        }

        // Past FullAfter the product below could overflow, and the answer is known.
        _owed = elapsed >= rate.FullAfter ? 0 : Math.Max(0, _owed - (elapsed * rate.PerSecond));
        _asOf = now;
    }
}

/// <summary>The settings many <see cref="TokenBucket"/>s share. Immutable.</summary>
/// <param name="perSecond">Tokens that come back each second; at least 1.</param>
/// <param name="burst">Tokens of a full bucket; at least 1.</param>
/// <param name="frequency">Timestamps a second (<see cref="TimeProvider.TimestampFrequency"/>).</param>
internal sealed class TokenRate(int perSecond, int burst, long frequency)
{
    public int PerSecond { get; } = Math.Max(perSecond, 1);

    public int Burst { get; } = Math.Max(burst, 1);

    public long Frequency { get; } = frequency;

    /// <summary>The part that each of some nodes gives; at least 1 a second.</summary>
    public TokenRate Share(int nodes) => nodes == 1 ? this : new TokenRate(PerSecond / nodes, Burst / nodes, Frequency);

    /// <summary>Timestamps after which any bucket is full again.</summary>
    public long FullAfter { get; } = (Math.Max(burst, 1) * frequency / Math.Max(perSecond, 1)) + 1;
}
