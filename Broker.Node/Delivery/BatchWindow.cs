namespace Broker.Node.Delivery;

/// <summary>
/// The time in which one connection's pushes are gathered (<c>?batch=</c>): it opens with the first of them and is over when its
/// timer says so, or earlier when enough has been gathered.
/// </summary>
/// <remarks>
/// One word of state; a writer looks at its dirty cursors only when the window is over.
/// <code>
/// from    to      by       when
/// Closed  Open    marker   it queued a cursor (Open); it sets the timer
/// Open    Over    timer    the time is up; it takes the writer if nobody holds it
/// Open    Over    marker   enough lies there (Fill); the marker takes the writer if nobody holds it
/// Over    Closed  holder   before it makes turns of the dirty cursors (TryClose)
/// </code>
/// A marker queues its cursor, which is a full fence, and reads the state after it; the holder closes the window, which is a
/// full fence, and takes the queue after it. So a cursor is queued in a window that is not over yet, or taken. One marked
/// right after the queue was taken opens the next window; one queued right before, by a marker that reads the state after, may
/// open a window in which nothing is left to write. Whoever sets Over does so before it reads the writer's state, and who
/// parks the writer reads this state after that: an ended window is work like any other.
/// The timer of a window that was ended early may end the next one early too: a window is never longer than asked for.
/// </remarks>
internal sealed class BatchWindow : IDisposable
{
    /// <summary>The longest window.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private const int Closed = 0;
    private const int Opened = 1;
    private const int Over = 2;

    private readonly Action _over;
    private readonly TimeSpan _length;
    private readonly int _full;
    private readonly ITimer _timer;
    private int _state;
    private long _bytes;

    /// <param name="length">1 ms to <see cref="Longest"/>.</param>
    /// <param name="full">Bytes of entries at which a window is over before its time.</param>
    /// <param name="time">Has the timer.</param>
    /// <param name="over">Called when the time is up: has the connection's writer drained, if nobody holds it.</param>
    public BatchWindow(TimeSpan length, int full, TimeProvider time, Action over)
    {
        (_over, _length, _full) = (over, length, full);
        _timer = time.CreateTimer(static window => ((BatchWindow)window!).OnElapsed(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What was gathered is to be written.</summary>
    public bool IsOver => Volatile.Read(ref _state) == Over;

    /// <summary>Any thread, after it has queued a cursor.</summary>
    public void Open()
    {
        if (Volatile.Read(ref _state) == Closed && Change(Closed, Opened))
        {
            _timer.Change(_length, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Any thread: so many bytes of entries have come. True: it is over now, and the caller must take the writer.</summary>
    public bool Fill(long bytes) =>
        Interlocked.Add(ref _bytes, bytes) >= _full && Volatile.Read(ref _state) == Opened && Change(Opened, Over);

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

    /// <summary>The connection has ended: no window is over any more.</summary>
    public void Dispose() => _timer.Dispose();

    private void OnElapsed()
    {
        if (Change(Opened, Over))
        {
            _over();
        }
    }

    private bool Change(int from, int to) => Interlocked.CompareExchange(ref _state, to, from) == from;
}
