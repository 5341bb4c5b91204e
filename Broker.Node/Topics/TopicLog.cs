namespace Broker.Node.Topics;

/// <summary>
/// One topic on one node in one form: an append-only log of framed pushes and the cursors that read it.
/// Only its lane calls it; readers hold <see cref="LogSegment"/>s and never this object's mutable parts.
/// </summary>
/// <param name="form">Of what is appended.</param>
internal sealed class TopicLog(PushForm form)
{
    private const int FirstSegment = 1024;
    private const int LargestSegment = 64 * 1024;

    private LogSegment _tail = new(FirstSegment, 0);
    private Subscription[] _subscribers = new Subscription[1];
    private long _marked;

    public PushForm Form => form;

    /// <summary>The topic's next log, in another form; null for the last.</summary>
    public TopicLog? Sibling { get; set; }

    public int Subscribers { get; private set; }

    /// <summary>Log position behind the last entry.</summary>
    public long Position => _tail.Start + _tail.Head;

    /// <summary>Length of the newest entry: the lag bound counts beyond it.</summary>
    public int LastEntry { get; private set; }

    /// <summary>Already in its lane's list of logs appended to since the last flush.</summary>
    public bool Touched { get; set; }

    /// <summary>Appends a framed push. <paramref name="origin"/> is the connection that must not get it, 0 for none.</summary>
    public void Append(ReadOnlySpan<byte> frame, long origin)
    {
        if (_tail.Free < frame.Length)
        {
            var size = Math.Max(frame.Length, Math.Min(LargestSegment, _tail.Bytes.Length * 2));
            var next = new LogSegment(size, Position);
            _tail.Seal(next);
            _tail = next;
        }

        _tail.Append(frame, origin);
        LastEntry = frame.Length;
    }

    /// <summary>Opens a cursor at the head: it sees what is appended from now on.</summary>
    public void Open(Subscription subscription)
    {
        if (Subscribers == _subscribers.Length)
        {
            Array.Resize(ref _subscribers, Subscribers * 2);
        }

        subscription.Index = Subscribers;
        _subscribers[Subscribers++] = subscription;
        subscription.Open(this, _tail, _tail.Head);
    }

    /// <summary>Closes a cursor: nothing more of this log is written to its connection.</summary>
    public void Close(Subscription subscription)
    {
        subscription.Close();
        var last = _subscribers[--Subscribers];
        _subscribers[subscription.Index] = last;
        last.Index = subscription.Index;
        _subscribers[Subscribers] = null!;
    }

    /// <summary>
    /// Makes every cursor's connection see what was appended. One full fence stands between the heads written before and
    /// the dirty flags read here; a drainer clears the flag first and reads the head after it, so one of the two sees the other.
    /// Connections that gather pushes are drained when their window is over, and before that only if it is full.
    /// </summary>
    public void Mark(DrainBatch batch, int lagLimit)
    {
        Interlocked.MemoryBarrier();
        var bound = Position - LastEntry - lagLimit;
        var added = Position - _marked;
        _marked = Position;
        foreach (var subscription in _subscribers.AsSpan(0, Subscribers))
        {
            var newly = subscription.MarkDirty();
            if (subscription.Window is { } window ? window.Fill(added) : newly)
            {
                batch.Add(subscription.Writer);
            }
            else if (!newly && subscription.Position < bound)
            {
                subscription.Writer.Overrun();
            }
        }
    }
}
