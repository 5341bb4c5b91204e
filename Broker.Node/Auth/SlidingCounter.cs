namespace Broker.Node.Auth;

/// <summary>Tells when a number of events lies within a window of time. Not thread-safe. Costs nothing before the first event.</summary>
/// <param name="limit">How many events, at least 1.</param>
/// <param name="window">In timestamps.</param>
internal sealed class SlidingCounter(int limit, long window)
{
    private long[]? _times;
    private int _next;
    private int _count;

    /// <summary>The latest event.</summary>
    public long Last => _times is null ? 0 : _times[(_next + limit - 1) % limit];

    /// <summary>Whether the window that ends now holds the limit already.</summary>
    public bool IsFull(long now) => _count == limit && now - _times![_next] < window;

    /// <summary>Counts an event.</summary>
    /// <returns>Whether the limit is reached with it.</returns>
    public bool Add(long now)
    {
        _times ??= new long[limit];
        _times[_next] = now;
        _next = (_next + 1) % limit;
        _count = Math.Min(_count + 1, limit);
        return IsFull(now);
    }
}
