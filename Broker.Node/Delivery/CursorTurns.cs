namespace Broker.Node.Delivery;

/// <summary>
/// The dirty cursors of a connection: a stack that any thread adds to, and the turns that the holder of the writer makes of
/// it, oldest first.
/// </summary>
internal sealed class CursorTurns
{
    private Subscription? _dirty;
    private Subscription? _first;
    private Subscription? _last;

    /// <summary>Any thread: a cursor has been added since the turns were last made.</summary>
    public bool HasDirty => Volatile.Read(ref _dirty) is not null;

    /// <summary>No cursor has a turn; what is dirty may still be waiting for one.</summary>
    public bool IsEmpty => _first is null;

    /// <summary>Any thread, for a subscription it made dirty itself. A full fence.</summary>
    public void Enqueue(Subscription subscription)
    {
        Subscription? head;
        do
        {
            head = Volatile.Read(ref _dirty);
            subscription.NextDirty = head;
        }
        while (Interlocked.CompareExchange(ref _dirty, subscription, head) != head);
    }

    /// <summary>Holder only, while there are no turns: makes turns of what is dirty.</summary>
    public void TakeDirty()
    {
        if (!HasDirty)
        {
            return;
        }

        // The stack is newest first; turns go oldest first.
        var stack = Interlocked.Exchange(ref _dirty, null);
        _last = stack;
        while (stack is not null)
        {
            var next = stack.NextDirty;
            stack.NextDirty = _first;
            _first = stack;
            stack = next;
        }
    }

    /// <summary>Holder only: the cursor whose turn it is.</summary>
    public Subscription? Next()
    {
        var first = _first;
        if (first is not null)
        {
            _first = first.NextDirty;
            first.NextDirty = null;
        }

        return first;
    }

    /// <summary>Holder only: puts a cursor at the end of the turns, unless a marker has queued it meanwhile.</summary>
    public void Add(Subscription subscription)
    {
        if (!subscription.TrySetDirty())
        {
            return;
        }

        if (_first is null)
        {
            _first = subscription;
        }
        else
        {
            _last!.NextDirty = subscription;
        }

        _last = subscription;
    }

    /// <summary>Holder only: as <see cref="Add"/>, but it is its turn again at once.</summary>
    public void Return(Subscription subscription)
    {
        if (!subscription.TrySetDirty())
        {
            return;
        }

        subscription.NextDirty = _first;
        _last = _first is null ? subscription : _last;
        _first = subscription;
    }

    /// <summary>Holder only, for ever.</summary>
    public void Clear() => _dirty = _first = _last = null;
}
