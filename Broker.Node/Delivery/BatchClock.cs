namespace Broker.Node.Delivery;

/// <summary>
/// Ends the <see cref="BatchWindow"/>s of a node's connections, to the millisecond: a wheel of one bucket a millisecond, turned by
/// one thread that sleeps until the next bucket with something in it, and for good while there is none. Thread-safe unless said.
/// </summary>
/// <remarks>
/// A thread of its own, because the thread pool's timers are late when the pool is busy, and Akka's tick is 10 ms. Scheduling
/// links a window into a list under a lock and allocates nothing. Writers are drained like those of a lane: big numbers in
/// slices by the <see cref="FanOutPool"/>.
/// </remarks>
internal sealed class BatchClock : IDisposable
{
    /// <summary>The longest window.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>More than the longest window has milliseconds, so that a bucket is one millisecond's.</summary>
    private const int Buckets = 1024;

    private readonly Lock _gate = new();
    private readonly (BatchWindow? First, BatchWindow? Last)[] _wheel = new (BatchWindow?, BatchWindow?)[Buckets];
    private readonly AutoResetEvent _wake = new(false);
    private readonly DrainBatch _batch;
    private readonly TimeProvider _time;
    private readonly long _start;
    private Thread? _thread;
    private long _turnedTo;
    private long _sleepsUntil = long.MinValue;
    private int _count;
    private bool _stopped;

    /// <param name="pool">Shares the draining of many writers.</param>
    /// <param name="time">Only timestamps are read.</param>
    public BatchClock(FanOutPool pool, TimeProvider time)
    {
        _batch = new DrainBatch(pool);
        _time = time;
        _start = time.GetTimestamp();
    }

    /// <summary>Windows it has.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    private double Now => _time.GetElapsedTime(_start).TotalMilliseconds;

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "batch-clock" };
        _thread.Start();
    }

    /// <summary>Any thread, for a window that the clock does not have.</summary>
    public void Schedule(BatchWindow window)
    {
        lock (_gate)
        {
            if (_stopped)
            {
                return;
            }

            window.Due = (long)Now + window.Milliseconds;
            Append(ref _wheel[window.Due % Buckets], window);
            _count++;
            if (window.Due < _sleepsUntil)
            {
                // Told once: it plans anew before it sleeps again.
                _sleepsUntil = long.MinValue;
                _wake.Set();
            }
        }
    }

    /// <summary>
    /// Ends the windows whose time is up, the oldest first, and drains their writers. The clock's thread only, or whoever moves
    /// the time of a clock without one.
    /// </summary>
    /// <returns>Milliseconds to the next turn; <see cref="Timeout.Infinite"/> while nothing is scheduled.</returns>
    public int Turn()
    {
        var window = TakeDue();
        while (window is not null)
        {
            // Before the clock lets go of it, and it may be scheduled again.
            var next = window.Next;
            window.Next = null;
            if (window.Elapse())
            {
                _batch.Add(window.Writer);
            }

            window = next;
        }

        _batch.Flush();
        return Plan();
    }

    /// <summary>Ends the thread; windows that are open stay so. Safe to repeat.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            _wake.Set();
        }

        _thread?.Join();
        _wake.Dispose();
    }

    private static void Append(ref (BatchWindow? First, BatchWindow? Last) list, BatchWindow window)
    {
        window.Next = null;
        if (list.Last is { } last)
        {
            last.Next = window;
        }
        else
        {
            list.First = window;
        }

        list.Last = window;
    }

    private void Run()
    {
        while (!Volatile.Read(ref _stopped))
        {
            _wake.WaitOne(Turn());
        }
    }

    private BatchWindow? TakeDue()
    {
        (BatchWindow? First, BatchWindow? Last) due = default;
        lock (_gate)
        {
            _sleepsUntil = long.MinValue;
            var now = (long)Now;
            for (var tick = Math.Max(_turnedTo + 1, now - Buckets + 1); tick <= now && _count > 0; tick++)
            {
                ref var bucket = ref _wheel[tick % Buckets];
                var window = bucket.First;
                bucket = default;
                while (window is not null)
                {
                    var next = window.Next;
                    if (window.Due <= now)
                    {
                        _count--;
                        Append(ref due, window);
                    }
                    else
                    {
                        // The thread was late by a good part of the wheel: this one is of its next turn.
                        Append(ref bucket, window);
                    }

                    window = next;
                }
            }

            _turnedTo = Math.Max(_turnedTo, now);
        }

        return due.First;
    }

    private int Plan()
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                _sleepsUntil = long.MaxValue;
                return Timeout.Infinite;
            }

            var tick = _turnedTo + 1;
            while (_wheel[tick % Buckets].First is null)
            {
                tick++;
            }

            _sleepsUntil = tick;
            return (int)Math.Max(0, Math.Ceiling(tick - Now));
        }
    }
}
