using System.Diagnostics.CodeAnalysis;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Delivery;

/// <summary>
/// A connection's cursor on a topic's log. The lane opens, marks and closes it, and has it jump; whoever holds the connection's
/// writer moves it.
/// </summary>
/// <remarks>
/// The two meet in the dirty flag, the closed mark, the segments' heads, the pending jump and the segment.
/// <para>
/// <b>Jumping.</b> The lane seals the log's tail, so that an empty segment T follows everything skipped, and makes a landing: one
/// or two segments of its own with a <c>gap</c> or the newest entry, whose positions end where T starts and whose next is T. It
/// reads the segment S of the cursor, then puts the landing into <c>_jump</c>, then takes S out of <c>_segment</c> if it is still
/// there (compare-and-swap) and is not T, so that what is skipped is free though the holder may not come for long. The holder takes a pending
/// jump before anything else, and goes on from there. It follows a segment's next only by compare-and-swap, so it never puts back
/// what the lane took out.
/// </para>
/// <list type="bullet">
/// <item>An empty <c>_segment</c> of an open cursor means that a jump is pending or in the holder's hand: the lane empties it only
/// after it wrote the jump, and only of a segment before T, which a cursor that took the jump never has again. T it may have: a
/// holder that has walked into T before it sees the jump lands on T again.</item>
/// <item>The holder has peeked and not advanced when the lane jumps: what it peeked is written, and moves offset and position only.
/// Landing compares the position with the landing's segments and passes those that end at or before it. Everything skipped was
/// written meanwhile: no <c>gap</c>, and the newest entry is not written twice. Anything left: <c>gap</c>, or the newest entry, is
/// written. So nothing comes twice, nothing is lost without <c>gap</c> where that is due, and a position never decreases.</item>
/// <item>The holder has read <c>_jump</c> as empty and gone on into T, and perhaps into what was appended there, before it sees
/// the jump: it lands exactly where it is.</item>
/// <item>The holder is about to take a jump when the lane puts another in its place: it gets one of them. If it got the earlier
/// one, the later is taken on the next peek.</item>
/// <item>A jump on a cursor that is not dirty: the lane marks it after the jump, as after an append, and the holder clears the flag
/// before it looks. So no jump waits for the next message.</item>
/// <item>Closing empties <c>_jump</c> and <c>_segment</c> after the mark; a holder that lands meanwhile reads the mark after it has
/// written the segment, and takes it out itself.</item>
/// <item><see cref="Position"/> counts a pending jump, so that the lane repeats it only when the cursor lags over its bound again.
/// <see cref="Lag"/> of any other thread may miss a jump under way, and is right at the next look.</item>
/// </list>
/// <para>
/// <b>Latest.</b> While the kernel refuses bytes of the connection, the holder itself goes to the newest entry whenever it comes
/// for more. That needs neither the lane nor memory, so a client that has stopped costs a publish nothing. It passes no
/// <c>gap</c> of another node.
/// </para>
/// </remarks>
internal sealed class Subscription(ConnectionWriter writer, byte[] topic, uint topicHash)
{
    private LogSegment? _segment;
    private LogSegment? _jump;
    private int _offset;
    private long _position;
    private long _landing;
    private int _dirty;
    private bool _closed;
    private bool _hasLeft;

    public ConnectionWriter Writer { get; } = writer;

    /// <summary>Topic name, UTF-8.</summary>
    public byte[] Topic { get; } = topic;

    public uint TopicHash { get; } = topicHash;

    /// <summary>Its connection's; null where pushes are not gathered.</summary>
    public BatchWindow? Window { get; } = writer.Window;

    /// <summary>What its connection takes: chooses the log.</summary>
    public PushForm Form { get; init; }

    /// <summary>The topic's policy; the same for all its cursors.</summary>
    public SlowPolicy Slow { get; init; }

    /// <summary>Link in the writer's lists; belongs to whoever exchanged the dirty flag from 0 to 1.</summary>
    public Subscription? NextDirty { get; set; }

    /// <summary>The log while the cursor is open; lane only.</summary>
    public TopicLog? Log { get; private set; }

    /// <summary>Its topic was full: it is never opened, though the connection may not know yet; lane only.</summary>
    public bool IsRefused { get; set; }

    /// <summary>Its connection has ended; set before the lane is told to close it.</summary>
    public bool HasLeft
    {
        get => Volatile.Read(ref _hasLeft);
        set => Volatile.Write(ref _hasLeft, value);
    }

    /// <summary>Place in the log's list of subscribers; lane only.</summary>
    public int Index { get; set; }

    /// <summary>Log position of the next byte to write, never less than before; any thread may read it.</summary>
    public long Position => Math.Max(Volatile.Read(ref _position), Volatile.Read(ref _landing));

    /// <summary>As <see cref="Position"/>, without a pending jump.</summary>
    public long Taken => Volatile.Read(ref _position);

    /// <summary>Behind the last <c>gap</c> that a jump put before the cursor; lane only. Before it is taken, a later jump must tell it again.</summary>
    public long GapEnd { get; private set; }

    /// <summary>Bytes appended and not yet taken by the writer; any thread may read it.</summary>
    public long Lag
    {
        get
        {
            var position = Position;
            var end = position;
            var first = Volatile.Read(ref _jump) ?? Volatile.Read(ref _segment) ?? Volatile.Read(ref _jump);
            for (var segment = first; segment is not null; segment = segment.Next)
            {
                end = segment.Start + segment.Head;
            }

            return Math.Max(0, end - position);
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

    /// <summary>Lane only: from now on drainers write nothing of this cursor, and it keeps nothing.</summary>
    public void Close()
    {
        Log = null;
        Volatile.Write(ref _closed, true);
        Volatile.Write(ref _jump, null);
        Volatile.Write(ref _segment, null);
    }

    /// <summary>Lane only, for a cursor whose position is before the landing; what it passes is no longer kept for it.</summary>
    /// <param name="landing">Where it goes on.</param>
    /// <param name="fresh">The log's empty tail, which follows the landing.</param>
    public void Jump(LogSegment landing, LogSegment fresh)
    {
        GapEnd = landing.HasGaps ? landing.Start + landing.Head : GapEnd;
        var passed = Volatile.Read(ref _segment);
        Interlocked.Exchange(ref _jump, landing);
        Volatile.Write(ref _landing, landing.Start);
        if (passed is not null && !ReferenceEquals(passed, fresh))
        {
            Interlocked.CompareExchange(ref _segment, null, passed);
        }
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
    public bool TryPeek([NotNullWhen(true)] out LogSegment? segment, out int start, out int end)
    {
        while (true)
        {
            if (Volatile.Read(ref _jump) is not null)
            {
                Land();
            }

            segment = Volatile.Read(ref _segment);
            if (segment is null)
            {
                if (Closed)
                {
                    (start, end) = (0, 0);
                    return false;
                }

                continue;
            }

            if (Slow == SlowPolicy.Latest && Writer.IsBehind && !TrySkipToNewest(ref segment))
            {
                continue;
            }

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
                    TryFollow(segment, next, 0);
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
    public bool Advance(LogSegment segment, int end)
    {
        MoveTo(segment, end);
        return segment.Head > end || segment.Next is not null;
    }

    /// <summary>Takes the pending jump, and passes what has been written already.</summary>
    private void Land()
    {
        var landing = Interlocked.Exchange(ref _jump, null);
        if (landing is null)
        {
            return;
        }

        // The next is read first: once there is one, the head is final, and nothing can have come between.
        var position = _position;
        while (landing.Next is { } next && position >= landing.Start + landing.Head)
        {
            landing = next;
        }

        // A position inside a gap is that of an entry which the gap stands for.
        _offset = landing.IsLanding ? 0 : (int)(position - landing.Start);
        Volatile.Write(ref _position, Math.Max(position, landing.Start));
        Interlocked.Exchange(ref _segment, landing);
        if (Closed)
        {
            Volatile.Write(ref _segment, null);
        }
    }

    /// <summary>Moves to the newest entry, unless a <c>gap</c> lies before or in it. False: the lane has taken the segment away.</summary>
    private bool TrySkipToNewest(ref LogSegment segment)
    {
        LogSegment? newest = null;
        var (from, head) = (_offset, 0);
        LogSegment? following;
        for (var next = segment; next is not null; next = following)
        {
            following = next.Next;
            var end = next.Head;
            if (next.HasGaps)
            {
                return true;
            }

            if (end > from)
            {
                (newest, head) = (next, end);
            }

            from = 0;
        }

        if (newest is null)
        {
            return true;
        }

        var start = newest.LastStart(head);
        if (ReferenceEquals(newest, segment))
        {
            MoveTo(segment, Math.Max(_offset, start));
            return true;
        }

        if (!TryFollow(segment, newest, start))
        {
            return false;
        }

        segment = newest;
        return true;
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

    /// <summary>Goes on in a later segment, unless the lane has taken the present one away.</summary>
    private bool TryFollow(LogSegment segment, LogSegment next, int offset)
    {
        if (!ReferenceEquals(Interlocked.CompareExchange(ref _segment, next, segment), segment))
        {
            return false;
        }

        MoveTo(next, offset);
        return true;
    }

    private void MoveTo(LogSegment segment, int offset)
    {
        _offset = offset;
        Volatile.Write(ref _position, segment.Start + offset);
    }
}
