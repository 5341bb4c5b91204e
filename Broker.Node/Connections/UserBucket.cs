namespace Broker.Node.Connections;

/// <summary>One connection's share of its user's bucket. Thread-safe; disposing twice does nothing.</summary>
internal sealed class UserBucket(UserBuckets table, string user, UserBuckets.Shared shared) : IDisposable
{
    private UserBuckets? _table = table;

    /// <inheritdoc cref="TokenBucket.TryTake"/>
    public bool TryTake(int count, long now, out TimeSpan retryAfter) => shared.TryTake(count, now, out retryAfter);

    public void Dispose() => Interlocked.Exchange(ref _table, null)?.Leave(user, shared);
}
