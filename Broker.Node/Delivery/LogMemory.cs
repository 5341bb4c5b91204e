namespace Broker.Node.Delivery;

/// <summary>
/// What all logs of a node keep for cursors that lag, against the node's bound. Each lane reports its own; the numbers of the
/// others are as old as their last count. Thread-safe, without locks.
/// </summary>
internal sealed class LogMemory
{
    private readonly Action<int> _wake;
    private readonly Slot[] _slots;

    /// <param name="bound">Bytes, over all lanes.</param>
    /// <param name="lanes">How many report.</param>
    /// <param name="wake">Has a lane count soon.</param>
    public LogMemory(long bound, int lanes, Action<int> wake)
    {
        Bound = bound;
        CountAfter = Math.Max(1, bound / (16L * lanes));
        _wake = wake;
        _slots = [.. Enumerable.Range(0, lanes).Select(static _ => new Slot())];
    }

    public long Bound { get; }

    /// <summary>Bytes a lane may append before it counts again: together they pass the bound unseen by a sixteenth at most.</summary>
    public long CountAfter { get; }

    /// <summary>Bytes kept, as last reported.</summary>
    public long Total
    {
        get
        {
            long total = 0;
            foreach (var slot in _slots)
            {
                total += Volatile.Read(ref slot.Kept);
            }

            return total;
        }
    }

    /// <param name="lane">Whose.</param>
    /// <param name="kept">Bytes that its logs keep for lagging cursors.</param>
    /// <param name="worst">Lag of its cursor that is furthest behind.</param>
    public void Report(int lane, long kept, long worst)
    {
        Volatile.Write(ref _slots[lane].Worst, worst);
        Volatile.Write(ref _slots[lane].Kept, kept);
    }

    /// <summary>The lane other than this one with the worst lag, and that lag; 0 where nobody else lags.</summary>
    public (int Lane, long Lag) WorstBeside(int lane)
    {
        var worst = (Lane: lane, Lag: 0L);
        for (var other = 0; other < _slots.Length; other++)
        {
            var lag = Volatile.Read(ref _slots[other].Worst);
            if (other != lane && lag > worst.Lag)
            {
                worst = (other, lag);
            }
        }

        return worst;
    }

    /// <summary>The bound is passed and this lane has the worst lag: it counts and cuts, when it next has a moment.</summary>
    public void Ask(int lane)
    {
        if (Interlocked.Exchange(ref _slots[lane].Asked, 1) == 0)
        {
            _wake(lane);
        }
    }

    public bool IsAsked(int lane) => Volatile.Read(ref _slots[lane].Asked) != 0;

    /// <summary>The lane is about to count: whoever asks from now on asks anew.</summary>
    public void Answer(int lane) => Interlocked.Exchange(ref _slots[lane].Asked, 0);

    private sealed class Slot
    {
        public long Kept;
        public long Worst;
        public int Asked;
    }
}
