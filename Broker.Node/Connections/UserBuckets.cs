namespace Broker.Node.Connections;

/// <summary>One token bucket per user, shared by the user's connections on this node (<c>rate.per = user</c>). Thread-safe.</summary>
internal sealed class UserBuckets(TokenRate rate)
{
    private readonly Dictionary<string, Shared> _users = [];
    private readonly Lock _gate = new();

    /// <summary>Users with a connection.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _users.Count;
            }
        }
    }

    /// <summary>The user's bucket, for one connection until it disposes it.</summary>
    public UserBucket Join(string user)
    {
        lock (_gate)
        {
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
            if (--shared.Holders == 0)
            {
                _users.Remove(user);
            }
        }
    }

    internal sealed class Shared(TokenRate rate)
    {
        private readonly Lock _gate = new();
        private TokenBucket _bucket = new(rate);

        /// <summary>Guarded by the table.</summary>
        public int Holders { get; set; }

        public bool TryTake(int count, long now, out TimeSpan retryAfter)
        {
            lock (_gate)
            {
                return _bucket.TryTake(count, now, out retryAfter);
            }
        }
    }
}
