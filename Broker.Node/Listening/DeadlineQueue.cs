namespace Broker.Node.Listening;

/// <summary>
/// Things that share one time-out, oldest first, so that a single timer serves all of them. Thread-safe; adding and
/// removing are O(1). The callback runs outside the lock, once per item that is not removed in time.
/// </summary>
internal sealed class DeadlineQueue<T> : IDisposable where T : class
{
    /// <summary>Expiries closer together than this share one tick of the timer: the most an item can be late.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly LinkedList<Waiting> _items = new();
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly Action<T> _expired;
    private readonly ITimer _timer;
    private bool _armed;

    public DeadlineQueue(TimeSpan timeout, TimeProvider time, Action<T> expired)
    {
        _timeout = timeout;
        _time = time;
        _expired = expired;
        _timer = time.CreateTimer(static queue => ((DeadlineQueue<T>)queue!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _items.Count;
            }
        }
    }

    /// <summary>The item whose time is over first.</summary>
    public T? Oldest
    {
        get
        {
            lock (_gate)
            {
                return _items.First?.Value.Item;
            }
        }
    }

    /// <summary>The result is the handle for <see cref="Remove"/>.</summary>
    public LinkedListNode<Waiting> Add(T item)
    {
        lock (_gate)
        {
            var node = _items.AddLast(new Waiting(item, _time.GetTimestamp()));
            if (!_armed)
            {
                Arm(_timeout);
            }

            return node;
        }
    }

    /// <summary>False when the item has already expired or been taken.</summary>
    public bool Remove(LinkedListNode<Waiting> node)
    {
        lock (_gate)
        {
            if (node.List is null)
            {
                return false;
            }

            // The timer stays armed: it finds nothing due and looks at the next item. Cheaper than setting it each time.
            _items.Remove(node);
            return true;
        }
    }

    public T? TakeOldest()
    {
        lock (_gate)
        {
            var oldest = _items.First;
            if (oldest is not null)
            {
                _items.Remove(oldest);
            }

            return oldest?.Value.Item;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        List<T> due = [];
        lock (_gate)
        {
            _armed = false;
            while (_items.First is { } oldest)
            {
                var left = _timeout - _time.GetElapsedTime(oldest.Value.Since);
                if (left > TimeSpan.Zero)
                {
                    Arm(left);
                    break;
                }

                _items.Remove(oldest);
                due.Add(oldest.Value.Item);
            }
        }

        foreach (var item in due)
        {
            _expired(item);
        }
    }

    private void Arm(TimeSpan wait)
    {
        _armed = true;
        _timer.Change(wait > Slack ? wait : Slack, Timeout.InfiniteTimeSpan);
    }

    internal readonly record struct Waiting(T Item, long Since);
}
