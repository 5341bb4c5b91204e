using System.Diagnostics;

namespace Broker.Node.Connections;

/// <summary>
/// One token bucket per user, shared by the user's connections on this node (<c>rate.per = user</c>). Thread-safe. It stays after
/// the last of them until it would be full again, so that a new connection brings no new burst; what stays is bounded by the
/// connections that can end meanwhile.
/// </summary>
/// <param name="rate">Of all buckets.</param>
/// <param name="time">Whose timestamps count.</param>
internal sealed class UserBuckets(TokenRate rate, TimeProvider time)
{
    private readonly LeaseTable<string, SharedBucket> _users = new(int.MaxValue, () => new SharedBucket(rate));

    /// <summary>Places of connections that have ended, each held until the user's bucket is certainly full again; the first in front.</summary>
    private readonly Queue<(IDisposable Place, long Full)> _left = new();
    private readonly Lock _gate = new();

    /// <summary>Users with a connection, or a bucket that is not full again.</summary>
    public int Count
    {
        get
        {
            DropFull();
            return _users.Count;
        }
    }

    /// <summary>The user's bucket, for one connection until it disposes it.</summary>
    public UserBucket Join(string user)
    {
        DropFull();
        return _users.TryAdd(user, out var shared, out var place)
            ? new UserBucket(this, shared, place)
            : throw new UnreachableException("Nobody has so many connections.");
    }

    /// <summary>The user has connections on so many nodes: each gives a part of the rate.</summary>
    /// <param name="user">The user; nothing happens where it has none here.</param>
    /// <param name="nodes">At least 1.</param>
    public void Share(string user, int nodes)
    {
        if (_users.TryFind(user, out var bucket))
        {
            bucket.Share(nodes);
        }
    }

    internal void Leave(IDisposable place)
    {
        DropFull();
        lock (_gate)
        {
            _left.Enqueue((place, time.GetTimestamp() + rate.FullAfter));
        }
    }

    private void DropFull()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            while (_left.TryPeek(out var first) && first.Full <= now)
            {
                _left.Dequeue().Place.Dispose();
            }
        }
    }
}

/// <summary>One connection's share of its user's bucket. Thread-safe; disposing twice does nothing.</summary>
internal sealed class UserBucket(UserBuckets table, SharedBucket shared, IDisposable place) : IDisposable
{
    private UserBuckets? _table = table;

    /// <inheritdoc cref="TokenBucket.TryTake"/>
    public bool TryTake(int count, long now, out TimeSpan retryAfter) => shared.TryTake(count, now, out retryAfter);

    public void Dispose() => Interlocked.Exchange(ref _table, null)?.Leave(place);
}

/// <summary>A token bucket for several threads, of which each of some nodes has a part.</summary>
internal sealed class SharedBucket(TokenRate rate)
{
    private readonly Lock _gate = new();
    private TokenBucket _bucket = new(rate);
    private int _nodes = 1;

    /// <param name="nodes">At least 1; nothing changes where it did not.</param>
    public void Share(int nodes)
    {
        lock (_gate)
        {
            if (nodes != _nodes)
            {
                _nodes = Math.Max(1, nodes);
                _bucket = _bucket.With(rate.Share(_nodes));
            }
        }
    }

    /// <inheritdoc cref="TokenBucket.TryTake"/>
    public bool TryTake(int count, long now, out TimeSpan retryAfter)
    {
        lock (_gate)
        {
            return _bucket.TryTake(count, now, out retryAfter);
        }
    }
}
