using System.Diagnostics.CodeAnalysis;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>
/// A connection's cursor on a topic's log. The lane opens, marks and closes it; whoever holds the connection's writer moves it.
/// </summary>
/// <remarks>
/// The two meet in the dirty flag, the closed mark, the segments' heads and the request to skip.
/// <para>
/// <b>Skipping.</b> Where a topic's slow subscribers may miss something, anybody may ask a cursor to skip; the holder does it at its
/// next look, by walking to the log's end: nobody else moves a cursor, so nothing comes twice. On a topic with <c>skip</c> the
/// cursor goes on behind the newest entry and one <c>gap</c> of its own is written first; with <c>latest</c> it goes on at the newest
/// entry, and a <c>gap</c> is written only where it passed one that another node caused. While the kernel refuses bytes of the
/// connection, the holder skips on a topic with <c>latest</c> without being asked. Until the holder comes, what is to be skipped is
/// kept: a holder that does not come is a client that takes nothing, and the bound on what logs keep (<see cref="LogMemory"/>)
/// closes its connection.
/// </para>
/// </remarks>
internal sealed class Subscription(ConnectionWriter writer, byte[] topic, uint topicHash)
{
    private LogSegment? _segment;
    private LogSegment? _gap;
    private Replay? _replay;
    private int _offset;
    private long _position;
    private int _dirty;
    private int _skip;
    private bool _closed;
    private bool _hasLeft;
    private long _end = long.MaxValue;

    public ConnectionWriter Writer { get; } = writer;

    /// <summary>Topic name or pattern, UTF-8.</summary>
    public byte[] Topic { get; } = topic;

    public uint TopicHash { get; } = topicHash;

    /// <summary>Its connection's; null where pushes are not gathered.</summary>
    public BatchWindow? Window { get; } = writer.Window;

    /// <summary>Of a subscription to a pattern, whose cursor in one lane this is; null: of one to a topic.</summary>
    public CursorGate? Gate { get; init; }

    /// <summary>What its connection takes: chooses the log.</summary>
    public PushForm Form { get; init; }

    /// <summary>The topic's policy; the same for all its cursors.</summary>
    public SlowPolicy Slow { get; init; }

    /// <summary>Of a topic with one order for all, or of a pattern that may match some.</summary>
    public bool IsSequenced { get; init; }

    /// <summary>Of the pushes of a room.</summary>
    public bool IsOfRoom { get; init; }

    /// <summary>The application wants it: no right of the client's ends it. Its session's.</summary>
    public bool IsByServer { get; set; }

    /// <summary>Who is a member of the topic by it, UTF-8; empty: nobody.</summary>
    public byte[] Member { get; init; } = [];

    /// <summary>What is told of the member: an encoded value in the connection's format, or empty.</summary>
    public ReadOnlyMemory<byte> MemberInfo { get; init; }

    /// <summary>What it has missed is written first.</summary>
    public bool IsReplaying => Volatile.Read(ref _replay) is not null;

    /// <summary>Link in the writer's lists; belongs to whoever exchanged the dirty flag from 0 to 1.</summary>
    public Subscription? NextDirty { get; set; }

    /// <summary>Lane only: a log has it.</summary>
    public bool IsOpen { get; private set; }

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
    public long Position => Volatile.Read(ref _position);

    /// <summary>It was asked to skip and the holder has not come to it yet.</summary>
    public bool IsSkipping => Volatile.Read(ref _skip) != 0;

    /// <summary>Bytes appended and not yet taken by the writer, none where they are to be skipped or may not be written yet; any thread may read it.</summary>
    public long Lag
    {
        get
        {
            if (IsSkipping || IsWithheld || IsReplaying)
            {
                return 0;
            }

            var position = Position;
            var end = position;
            for (var segment = Volatile.Read(ref _segment); segment is not null; segment = segment.Next)
            {
                end = segment.Start + segment.Head;
            }

            return Math.Max(0, end - position);
        }
    }

    public bool Closed => Volatile.Read(ref _closed);

    /// <summary>Lane only.</summary>
    public void Open(LogSegment segment, int offset)
    {
        IsOpen = true;
        _offset = offset;
        Volatile.Write(ref _position, segment.Start + offset);
        Volatile.Write(ref _segment, segment);
    }

    /// <summary>Lane only, before it is opened: what is written before anything of the log.</summary>
    public void Before(Replay replay) => Volatile.Write(ref _replay, replay);

    /// <summary>Lane only: from now on drainers write nothing of this cursor, and it keeps nothing.</summary>
    public void Close()
    {
        IsOpen = false;
        Volatile.Write(ref _closed, true);
        Volatile.Write(ref _replay, null);
        Interlocked.Exchange(ref _segment, null);
    }

    /// <summary>Lane only: nothing that is appended from here on is written; what is there still is.</summary>
    /// <param name="position">Log position: the end of an entry.</param>
    public void EndAt(long position) => Volatile.Write(ref _end, position);

    /// <summary>Lane only: it was ended, and all before that has been taken, or never will be.</summary>
    public bool IsAtEnd => Position >= Volatile.Read(ref _end) || Writer.State == WriterState.Closed;

    /// <summary>Any thread: what waits is to be skipped. True: nobody has asked that the holder has not come to.</summary>
    public bool RequestSkip() => Interlocked.Exchange(ref _skip, 1) == 0;

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
    /// leaving out what is not for this connection, such as what it published with <c>echo:false</c>. Does not move the cursor over what it returns.
    /// </summary>
    public bool TryPeek([NotNullWhen(true)] out LogSegment? segment, out int start, out int end)
    {
        if (Volatile.Read(ref _replay) is { IsOver: false } replay)
        {
            return replay.TryPeek(out segment, out start, out end);
        }

        segment = IsWithheld ? null : Volatile.Read(ref _segment);
        if (segment is not null && Slow != SlowPolicy.Disconnect && MaySkip())
        {
            Skip(ref segment);
        }

        if (segment is not null && _gap is { } gap)
        {
            (segment, start, end) = (gap, 0, gap.Head);
            return true;
        }

        while (segment is not null)
        {
            start = _offset;
            var head = segment.Head;
            end = (int)Math.Min(head, Volatile.Read(ref _end) - segment.Start);
            if (start >= end)
            {
                var next = segment.Next;
                if (next is null || end < head)
                {
                    return false;
                }

                if (segment.Head == end)
                {
                    segment = Follow(next, 0);
                }
            }
            else if (!segment.HasOrigins || SkipOthers(segment, start, ref end))
            {
                return true;
            }
        }

        (start, end) = (0, 0);
        return false;
    }

    /// <summary>Holder of the writer only: what <see cref="TryPeek"/> returned has been taken. True: more lies behind it.</summary>
    public bool Advance(LogSegment segment, int end)
    {
        var replay = Volatile.Read(ref _replay);
        if (replay?.Advance(segment, end) == true)
        {
            if (!replay.IsOver)
            {
                return replay.HasMore;
            }

            Volatile.Write(ref _replay, null);
            return HasRest();
        }

        if (ReferenceEquals(segment, _gap))
        {
            _gap = null;
            return HasRest();
        }

        MoveTo(segment, end);
        return segment.Head > end || segment.Next is not null;
    }

    private bool HasRest() => Volatile.Read(ref _segment) is { } present && (present.Head > _offset || present.Next is not null);

    /// <summary>The lanes have not all opened their cursors of the pattern.</summary>
    private bool IsWithheld => Gate is { IsOpen: false };

    private bool MaySkip() =>
        (IsSkipping && Interlocked.Exchange(ref _skip, 0) != 0) || (Slow == SlowPolicy.Latest && Writer.IsBehind);

    /// <summary>Passes what waits, unless it is the newest entry alone.</summary>
    private void Skip(ref LogSegment? segment)
    {
        LogSegment? newest = null;
        var (from, head, lastGap) = (_offset, 0, -1L);
        LogSegment? following;
        for (var next = segment; next is not null; next = following)
        {
            // The next is read first: once there is one, the head is final, and nothing can have come between.
            following = next.Next;
            var end = next.Head;
            if (end > from)
            {
                (newest, head) = (next, end);
            }

            lastGap = next.GapEnd > from ? next.Start + next.GapEnd : lastGap;
            from = 0;
        }

        if (newest is null)
        {
            return;
        }

        var start = newest.LastStart(head);
        if (newest.Start + start <= _position)
        {
            return;
        }

        // A gap that is the newest entry itself stands for those before it.
        if (Slow == SlowPolicy.Skip || (lastGap >= 0 && lastGap != newest.Start + head))
        {
            _gap = LogSegment.OfGap(Form.Format, new GapMessage(Topic));
        }

        segment = Follow(newest, Slow == SlowPolicy.Skip ? head : start);
    }

    /// <summary>Cuts the range before the first entry that is not for this connection; moves the cursor over one it stands on and returns false.</summary>
    private bool SkipOthers(LogSegment segment, int start, ref int end)
    {
        var index = segment.IndexOf(start);
        var (entryEnd, origin) = segment.Entry(index, end);
        if (!IsFor(origin))
        {
            MoveTo(segment, entryEnd);
            return false;
        }

        while (entryEnd < end)
        {
            var (nextEnd, nextOrigin) = segment.Entry(++index, end);
            if (!IsFor(nextOrigin))
            {
                end = entryEnd;
                break;
            }

            entryEnd = nextEnd;
        }

        return true;
    }

    private bool IsFor(long origin) => origin < 0 ? origin == -Writer.ConnectionId : origin != Writer.ConnectionId;

    /// <summary>Goes on in a later place of the log; null: the lane has closed the cursor meanwhile, which keeps nothing then.</summary>
    private LogSegment? Follow(LogSegment segment, int offset)
    {
        MoveTo(segment, offset);
        Interlocked.Exchange(ref _segment, segment);
        if (!Closed)
        {
            return segment;
        }

        Volatile.Write(ref _segment, null);
        return null;
    }

    private void MoveTo(LogSegment segment, int offset)
    {
        _offset = offset;
        Volatile.Write(ref _position, segment.Start + offset);
    }
}
