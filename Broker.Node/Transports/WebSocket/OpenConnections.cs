using System.Numerics;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// The connections of a node, and what they keep each for itself alone, against the node's bound: past it, those that
/// keep most are shed, strangers before clients. Otherwise a crowd that was let in while there was room takes all memory when each
/// begins a large message, or stops to read. Thread-safe; one lock, held for a step of a set, or for a walk through it past the
/// bound. That walk is the thread pool's: whoever passes the bound may be in the middle of a write or of a lane's turn.
/// </summary>
/// <param name="bound">Bytes.</param>
/// <param name="schedule">Has work done soon; null: the thread pool does.</param>
internal sealed class OpenConnections(long bound, Action<IThreadPoolWorkItem>? schedule = null) : IThreadPoolWorkItem
{
    private readonly Action<IThreadPoolWorkItem> _schedule = schedule ?? (static work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false));
    private readonly Lock _gate = new();
    private readonly HashSet<IHeldConnection> _all = [];
    private long _held;
    private long _lastId;
    private int _relieving;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>What the next connection is called, by whatever transport it comes.</summary>
    public long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Bytes kept for single connections.</summary>
    public long Held => Volatile.Read(ref _held);

    public void Add(IHeldConnection connection)
    {
        lock (_gate)
        {
            _all.Add(connection);
        }
    }

    public void Remove(IHeldConnection connection)
    {
        lock (_gate)
        {
            _all.Remove(connection);
        }
    }

    /// <summary>So many bytes more are kept, or less.</summary>
    public void Hold(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) > bound && bytes > 0)
        {
            RelieveSoon();
        }
    }

    /// <summary>Sheds those that hold most.</summary>
    public void Execute()
    {
        var shed = 0;
        try
        {
            shed = Relieve();
        }
        catch (OutOfMemoryException)
        {
            // Those that are shed already make room; whoever holds more has the others looked at again.
        }
        finally
        {
            Interlocked.Exchange(ref _relieving, 0);
        }

        // Who passed the bound meanwhile found that somebody was at it.
        if (shed > 0 && Held > bound)
        {
            RelieveSoon();
        }
    }

    private void RelieveSoon()
    {
        if (Interlocked.Exchange(ref _relieving, 1) == 0)
        {
            _schedule(this);
        }
    }

    /// <summary>Until a sixteenth of the bound is free, so that not every byte from there on has all connections looked at.</summary>
    private int Relieve()
    {
        var excess = Held - bound;
        if (excess <= 0)
        {
            return 0;
        }

        var shed = 0;
        var bytes = excess + (bound / 16);
        foreach (var (connection, _, seen) in Largest(bytes).OrderByDescending(static one => one.Rank).ThenByDescending(static one => one.Held))
        {
            var held = connection.Held;
            if (held < seen / 2)
            {
                // It was on its way out.
                continue;
            }

            connection.Shed();
            shed++;
            bytes -= held;
            if (bytes <= 0)
            {
                break;
            }
        }

        return shed;
    }

    /// <summary>Those that hold so many bytes together, some more of the last rank, and nobody below it.</summary>
    private List<(IHeldConnection Connection, int Rank, long Held)> Largest(long bytes)
    {
        List<(IHeldConnection, int, long)> largest = [];
        Span<long> sums = stackalloc long[2 * 64];
        sums.Clear();
        lock (_gate)
        {
            foreach (var connection in _all)
            {
                var held = connection.Held;
                sums[Rank(connection, held)] += held;
            }

            var least = sums.Length - 1;
            for (var sum = sums[least]; sum < bytes && least > 0; sum += sums[least])
            {
                least--;
            }

            foreach (var connection in _all)
            {
                var held = connection.Held;
                var rank = Rank(connection, held);
                if (held > 0 && rank >= least)
                {
                    largest.Add((connection, rank, held));
                }
            }
        }

        return largest;
    }

    /// <summary>Who has not been admitted yet comes before everybody else, then who holds at least twice as much.</summary>
    private static int Rank(IHeldConnection connection, long held) => BitOperations.Log2((ulong)held) + (connection.OneByOne ? 64 : 0);
}
