using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>
/// The time in which one connection's pushes are gathered (<c>?batch=</c>): it opens with the first of them and is over when
/// the node's <see cref="BatchClock"/> says so, or earlier when enough has been gathered.
/// </summary>
/// <remarks>
/// One word of state; a writer looks at its dirty cursors only when the window is over.
/// <code>
/// from    to      by       when
/// Closed  Open    marker   it queued a cursor (Open); it gives the window to the clock unless that still has it
/// Open    Over    clock    the time is up (Elapse); it takes the writer if nobody holds it
/// Open    Over    marker   enough lies there (Fill); the marker takes the writer if nobody holds it
/// Over    Closed  holder   before it makes turns of the dirty cursors (TryClose)
/// </code>
/// A marker queues its cursor, which is a full fence, and reads the state after it; the holder closes the window, which is a
/// full fence, and takes the queue after it. So a cursor is queued in a window that is not over yet, or taken. One marked
/// right after the queue was taken opens the next window; one queued right before, by a marker that reads the state after, may
/// open a window in which nothing is left to write. Whoever sets Over does so before it reads the writer's state, and who
/// parks the writer reads this state after that: an ended window is work like any other.
/// The clock may still have the window when it was ended early. It then ends the next one early too: a window is never longer
/// than asked for. A connection that has gone is kept by the clock until its window's time is up, no longer.
/// </remarks>
/// <param name="writer">The connection's.</param>
/// <param name="clock">The node's.</param>
/// <param name="length">1 ms to <see cref="BatchClock.Longest"/>.</param>
/// <param name="full">Bytes of entries at which a window is over before its time.</param>
/// <param name="format">Of the pushes.</param>
internal sealed class BatchWindow(ConnectionWriter writer, BatchClock clock, TimeSpan length, int full, WireFormat format)
{
    private const int Closed = 0;
    private const int Opened = 1;
    private const int Over = 2;

    private int _state;
    private int _withClock;
    private long _bytes;

    public ConnectionWriter Writer => writer;

    public WireFormat Format => format;

    public int Milliseconds { get; } = (int)length.TotalMilliseconds;

    /// <summary>What was gathered is to be written.</summary>
    public bool IsOver => Volatile.Read(ref _state) == Over;

    /// <summary>The millisecond at which it is over; the clock's.</summary>
    public long Due { get; set; }

    /// <summary>Link in the clock's lists; the clock's.</summary>
    public BatchWindow? Next { get; set; }

    /// <summary>Any thread, after it has queued a cursor.</summary>
    public void Open()
    {
        if (Volatile.Read(ref _state) == Closed && Change(Closed, Opened) && Interlocked.Exchange(ref _withClock, 1) == 0)
        {
            clock.Schedule(this);
        }
    }

    /// <summary>Any thread: so many bytes of entries have come. True: it is over now, and the caller must take the writer.</summary>
    public bool Fill(long bytes) =>
        Interlocked.Add(ref _bytes, bytes) >= full && Volatile.Read(ref _state) == Opened && Change(Opened, Over);

    /// <summary>The clock, which has let go of it. True: it is over now, and the caller must take the writer.</summary>
    public bool Elapse()
    {
        Interlocked.Exchange(ref _withClock, 0);
        return Change(Opened, Over);
    }

    /// <summary>Holder of the writer only. True: it was over, and the dirty cursors are to be taken now.</summary>
    public bool TryClose()
    {
        if (!IsOver)
        {
            return false;
        }

        Volatile.Write(ref _bytes, 0);
        Interlocked.Exchange(ref _state, Closed);
        return true;
    }

    private bool Change(int from, int to) => Interlocked.CompareExchange(ref _state, to, from) == from;
}
