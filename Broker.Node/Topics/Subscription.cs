using Broker.Node.Transport;

namespace Broker.Node.Topics;

/// <summary>
/// A connection's cursor on a topic's log. The lane opens, marks and closes it; whoever holds the connection's writer
/// moves it. The two meet only in the dirty flag, the closed mark and the segments' heads.
/// </summary>
internal sealed class Subscription(ConnectionWriter writer, byte[] topic, uint topicHash)
{
    private LogSegment? _segment;
    private int _offset;
    private long _position;
    private int _dirty;
    private bool _closed;

    public ConnectionWriter Writer { get; } = writer;

    /// <summary>Topic name, UTF-8.</summary>
    public byte[] Topic { get; } = topic;

    public uint TopicHash { get; } = topicHash;

    /// <summary>Its connection's; null where pushes are not gathered.</summary>
    public BatchWindow? Window { get; } = writer.Window;

    /// <summary>What its connection takes: chooses the log.</summary>
    public PushForm Form { get; init; }

    /// <summary>Link in the writer's lists; belongs to whoever exchanged the dirty flag from 0 to 1.</summary>
    public Subscription? NextDirty { get; set; }

    /// <summary>The log while the cursor is open; lane only.</summary>
    public TopicLog? Log { get; private set; }

    /// <summary>Place in the log's list of subscribers; lane only.</summary>
    public int Index { get; set; }

    /// <summary>Log position of the next byte to write; any thread may read it.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Bytes appended and not yet taken by the writer; any thread may read it.</summary>
    public long Lag
    {
        get
        {
            long lag = 0;
            var position = Position;
            for (var segment = Volatile.Read(ref _segment); segment is not null; segment = segment.Next)
            {
                lag = segment.Start + segment.Head - position;
            }

            return Math.Max(0, lag);
        }
    }

    public bool Closed => Volatile.Read(ref _closed);

    /// <summary>Lane only.</summary>
    public void Open(TopicLog log, LogSegment segment, int offset)
    {
        Log = log;
        _offset = offset;
        Volatile.Write(ref _position, segment.Start + offset);
        Volatile.Write(ref _segment, segment);
    }

    /// <summary>Lane only: from now on drainers write nothing of this cursor.</summary>
    public void Close()
    {
        Log = null;
        Volatile.Write(ref _closed, true);
    }

    /// <summary>True when the caller made it dirty and must queue it with its writer.</summary>
    public bool TrySetDirty() => Volatile.Read(ref _dirty) == 0 && Interlocked.Exchange(ref _dirty, 1) == 0;

    /// <summary>Holder of the writer only; full fence, so that a head read afterwards is not older than the last mark.</summary>
    public void ClearDirty() => Interlocked.Exchange(ref _dirty, 0);

    /// <summary>Marks it and queues it with its writer. True: newly dirty.</summary>
    public bool MarkDirty()
    {
        if (!TrySetDirty())
        {
            return false;
        }

        Writer.Enqueue(this);
        return true;
    }

    /// <summary>
    /// Holder of the writer only: the next bytes to write, at most the rest of one segment and always whole entries,
    /// leaving out what this connection published with <c>echo:false</c>. Does not move the cursor over what it returns.
    /// </summary>
    public bool TryPeek(out LogSegment segment, out int start, out int end)
    {
        while (true)
        {
            segment = _segment!;
            start = _offset;
            end = segment.Head;
            if (start == end)
            {
                var next = segment.Next;
                if (next is null)
                {
                    return false;
                }

                if (segment.Head == end)
                {
                    MoveTo(next, 0);
                }

                continue;
            }

            if (!segment.HasOrigins || SkipOwn(segment, start, ref end))
            {
                return true;
            }
        }
    }

    /// <summary>Holder of the writer only: what <see cref="TryPeek"/> returned has been taken. True: more lies behind it.</summary>
    public bool Advance(int end)
    {
        var segment = _segment!;
        MoveTo(segment, end);
        return segment.Head > end || segment.Next is not null;
    }

    /// <summary>Cuts the range before the first own entry; moves the cursor over one it stands on and returns false.</summary>
    private bool SkipOwn(LogSegment segment, int start, ref int end)
    {
        var index = segment.IndexOf(start);
        var (entryEnd, origin) = segment.Entry(index, end);
        if (origin == Writer.ConnectionId)
        {
            MoveTo(segment, entryEnd);
            return false;
        }

        while (entryEnd < end)
        {
            var (nextEnd, nextOrigin) = segment.Entry(++index, end);
            if (nextOrigin == Writer.ConnectionId)
            {
                end = entryEnd;
                break;
            }

            entryEnd = nextEnd;
        }

        return true;
    }

    private void MoveTo(LogSegment segment, int offset)
    {
        _offset = offset;
        Volatile.Write(ref _segment, segment);
        Volatile.Write(ref _position, segment.Start + offset);
    }
}
