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
    private readonly Dictionary<string, Shared> _users = [];

    /// <summary>Those without a connection, the first that is full again in front; a user may be there more than once.</summary>
    private readonly Queue<(string User, Shared Bucket, long Full)> _left = new();
    private readonly Lock _gate = new();

    /// <summary>Users with a connection, or a bucket that is not full again.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                DropFull();
                return _users.Count;
            }
        }
    }

    /// <summary>The user's bucket, for one connection until it disposes it.</summary>
    public UserBucket Join(string user)
    {
        lock (_gate)
        {
            DropFull();
            if (!_users.TryGetValue(user, out var shared))
            {
                _users[user] = shared = new Shared(rate);
            }

            shared.Holders++;
            return new UserBucket(this, user, shared);
        }
    }

    internal void Leave(string user, Shared shared)
    {
        lock (_gate)
        {
            DropFull();
            if (--shared.Holders == 0)
            {
                shared.FullAt = time.GetTimestamp() + rate.FullAfter;
                _left.Enqueue((user, shared, shared.FullAt));
            }
        }
    }

    private void DropFull()
    {
        var now = time.GetTimestamp();
        while (_left.TryPeek(out var first) && first.Full <= now)
        {
            _left.Dequeue();

            // Back since, and perhaps gone again: then it stands further behind.
            if (first.Bucket.Holders == 0 && first.Bucket.FullAt == first.Full)
            {
                _users.Remove(first.User);
            }
        }
    }

    internal sealed class Shared(TokenRate rate)
    {
        private readonly Lock _gate = new();
        private TokenBucket _bucket = new(rate);

        /// <summary>Guarded by the table.</summary>
        public int Holders { get; set; }

        /// <summary>Timestamp at which it is certainly full, where it has no holders. Guarded by the table.</summary>
        public long FullAt { get; set; }

        public bool TryTake(int count, long now, out TimeSpan retryAfter)
        {
            lock (_gate)
            {
                return _bucket.TryTake(count, now, out retryAfter);
            }
        }
    }
}
