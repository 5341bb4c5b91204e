using Broker.Node.Configuration.Options;

namespace Broker.Node.Delivery;

/// <summary>
/// One topic, or one lane's part of a pattern, on one node in one form: an append-only log of pushes and the cursors that read it.
/// Only its lane calls it; readers hold <see cref="LogSegment"/>s and never this object's mutable parts.
/// </summary>
/// <remarks>A segment is as large as some batches; a log that nothing was appended to has none, and one that is still keeps a small one at most.</remarks>
/// <param name="form">Of what is appended.</param>
/// <param name="slow">What happens to a cursor that lags over its bound.</param>
internal sealed class TopicLog(PushForm form, SlowPolicy slow = SlowPolicy.Disconnect)
{
    private const int SmallestSegment = 1024;
    private const int LargestSegment = 64 * 1024;

    /// <summary>A segment that was full after fewer is followed by a larger one, after four times as many by a smaller one.</summary>
    private const int FewBatches = 16;

    private LogSegment _tail = new(capacity: 0, start: 0);
    private Subscription[] _subscribers = new Subscription[1];
    private long _marked;
    private int _batches;
    private long _counted;

    public PushForm Form => form;

    public SlowPolicy Slow => slow;

    /// <summary>The topic's next log, in another form; null for the last.</summary>
    public TopicLog? Sibling { get; set; }

    /// <summary>The pattern that it is of; null: of a topic.</summary>
    public byte[]? Pattern { get; init; }

    /// <summary>Of a topic with one order for all.</summary>
    public bool IsSequenced { get; init; }

    public int Subscribers { get; private set; }

    /// <summary>Subscribers whose connection has not ended. Looks at each.</summary>
    public int CountPresent()
    {
        var present = 0;
        foreach (var subscription in _subscribers.AsSpan(0, Subscribers))
        {
            present += subscription.HasLeft ? 0 : 1;
        }

        return present;
    }

    /// <summary>Log position behind the last entry.</summary>
    public long Position => _tail.Start + _tail.Head;

    /// <summary>Length of the newest entry: the lag bound counts beyond it.</summary>
    public int LastEntry { get; private set; }

    /// <summary>Already in its lane's list of logs appended to since the last flush.</summary>
    public bool Touched { get; set; }

    /// <summary>Already among the logs that its lane's <c>LaneMemory</c> looks at.</summary>
    public bool Watched { get; set; }

    /// <summary>Appends an entry of the log's form.</summary>
    /// <returns>Bytes that it takes up.</returns>
    public int Append(in LogEntry entry)
    {
        LastEntry = LogSegment.LengthOf(entry);
        if (_tail.Free < LastEntry)
        {
            Roll(Math.Max(LastEntry, NextSize()));
        }

        _tail.Append(entry);
        return LastEntry;
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
        subscription.Open(_tail, _tail.Head);
    }

    /// <summary>Closes a cursor: nothing more of this log is written to its connection.</summary>
    /// <returns>False: it is none of this log's.</returns>
    public bool Close(Subscription subscription)
    {
        if (subscription.Index >= Subscribers || !ReferenceEquals(_subscribers[subscription.Index], subscription))
        {
            return false;
        }

        subscription.Close();
        var last = _subscribers[--Subscribers];
        _subscribers[subscription.Index] = last;
        last.Index = subscription.Index;
        _subscribers[Subscribers] = null!;
        return true;
    }

    /// <summary>
    /// Makes every cursor's connection see what was appended. One full fence stands between the heads written before and
    /// the dirty flags read here; a drainer clears the flag first and reads the head after it, so one of the two sees the other.
    /// Connections that gather pushes are drained when their window is over, and before that only if it is full.
    /// A cursor over the bound has its connection closed or is asked to skip, if it is the client that does not take more: while
    /// somebody has taken the writer, it is only this node that has not come to it.
    /// </summary>
    /// <returns>How many are to skip.</returns>
    public int Mark(DrainBatch batch, int lagLimit)
    {
        Interlocked.MemoryBarrier();
        var bound = Position - LastEntry - lagLimit;
        var added = Position - _marked;
        _marked = Position;
        _batches++;
        var skips = 0;
        foreach (var subscription in _subscribers.AsSpan(0, Subscribers))
        {
            var newly = subscription.MarkDirty();
            if (subscription.Window is { } window ? window.Fill(added) : newly)
            {
                batch.Add(subscription.Writer);
            }
            else if (!newly && subscription.Position < bound && !subscription.IsReplaying && subscription.Writer.State == WriterState.Stage)
            {
                if (slow == SlowPolicy.Disconnect)
                {
                    subscription.Writer.Overrun();
                }
                else if (subscription.RequestSkip())
                {
                    skips++;
                }
            }
        }

        return skips;
    }

    /// <summary>
    /// Bytes that this log keeps for its cursors, which share them: as many as the one furthest behind lags. Those whose
    /// connection has been told to close are gone already.
    /// </summary>
    /// <param name="skipping">Whether those count that are asked to skip and have not come to it.</param>
    public long Kept(bool skipping)
    {
        var furthest = Position;
        foreach (var subscription in _subscribers.AsSpan(0, Subscribers))
        {
            var position = subscription.Position;
            if (position < furthest && !subscription.Writer.IsOverrun && (skipping || !subscription.IsSkipping))
            {
                furthest = position;
            }
        }

        return Position - furthest;
    }

    /// <summary>
    /// Called from time to time while nothing is kept. Where nothing was appended since the last time, a segment larger than the
    /// smallest is given up: all cursors have read it, and are marked so that they leave it.
    /// </summary>
    /// <returns>False: something was appended, it has to be called again.</returns>
    public bool TryRest(DrainBatch batch)
    {
        if (_counted != Position && Subscribers > 0)
        {
            _counted = Position;
            return false;
        }

        if (_tail.Bytes.Length > SmallestSegment)
        {
            Roll(0);
            Mark(batch, int.MaxValue);
        }

        return true;
    }

    /// <summary>
    /// Closes the connections of cursors that lag so much. Where the topic skips, a cursor is asked to first; one that has not come
    /// to it, because the kernel refuses bytes, is closed.
    /// </summary>
    /// <returns>How many were closed, and how many asked.</returns>
    public (int Closed, int Asked) Cut(long lag)
    {
        var position = Position;
        var (closed, asked) = (0, 0);
        foreach (var subscription in _subscribers.AsSpan(0, Subscribers))
        {
            if (position - subscription.Position < lag)
            {
                continue;
            }

            if (slow != SlowPolicy.Disconnect && subscription.RequestSkip())
            {
                asked++;
            }
            else if ((slow == SlowPolicy.Disconnect || subscription.Writer.State == WriterState.Stage) && subscription.Writer.Overrun())
            {
                closed++;
            }
        }

        return (closed, asked);
    }

    private int NextSize()
    {
        var size = _tail.Bytes.Length;
        size = _batches < FewBatches ? size * 2 : _batches < 4 * FewBatches ? size : size / 2;
        return Math.Clamp(size, SmallestSegment, LargestSegment);
    }

    private void Roll(int size)
    {
        _batches = 0;
        var next = new LogSegment(size, Position);
        _tail.Seal(next);
        _tail = next;
    }
}
