using Broker.Node.Configuration.Options;

namespace Broker.Node.Listening;

/// <summary>
/// Says when live memory is so near its limit that new connections are shed: from <c>broker.memory.shed</c> percent on, until it
/// is <see cref="Hysteresis"/> points lower. Thread-safe; reading costs one read, a look two and, where it is due, one at the collector.
/// </summary>
/// <remarks>
/// What counts is what is alive: neither garbage nor the process's resident memory says whether there is room. Only a collection
/// tells, and the next one by itself may come too late, so where what has been allocated since could pass the mark, the young are
/// collected. That leaves dead old objects among the living, and a node that takes nobody in may allocate too little for any
/// collection: so all garbage is collected too, at most once a second.
/// </remarks>
internal sealed class MemoryGuard : IDisposable
{
    /// <summary>Percent of the limit between the mark and the end of shedding.</summary>
    public const int Hysteresis = 5;

    /// <summary>Percent of the limit that must have been allocated before the young are collected, or near the mark they would be all the time.</summary>
    public const int Doubt = 3;

    /// <summary>Between two looks while less than half of what the mark allows is in use.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(100);

    /// <summary>Between two looks from there on.</summary>
    public static readonly TimeSpan Near = TimeSpan.FromMilliseconds(10);

    private readonly MemoryOptions _options;
    private readonly IMemoryProbe _probe;
    private readonly TimeProvider _time;
    private readonly ITimer _again;
    private long _nextLook = long.MinValue;
    private long _nextFullCollection = long.MinValue;
    private bool _shedding;

    /// <param name="options">The mark.</param>
    /// <param name="probe">Where the numbers come from.</param>
    /// <param name="time">Paces it.</param>
    public MemoryGuard(MemoryOptions options, IMemoryProbe probe, TimeProvider time)
    {
        (_options, _probe, _time) = (options, probe, time);
        _again = time.CreateTimer(static guard => ((MemoryGuard)guard!).LookAgain(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What the last look found: new connections must not be let in.</summary>
    public bool IsShedding => Volatile.Read(ref _shedding);

    /// <summary>
    /// Has a look where one is due, which may have garbage collected, and says what the last one found. For whoever is about to
    /// let a connection in; while connections are shed it is repeated without them, so that it ends.
    /// </summary>
    public bool Look()
    {
        var now = _time.GetTimestamp();
        var due = Volatile.Read(ref _nextLook);
        if (now >= due && Interlocked.CompareExchange(ref _nextLook, long.MaxValue, due) == due)
        {
            var next = Near;
            try
            {
                next = Look(now);
            }
            finally
            {
                // Also where there was no memory even for a look.
                Volatile.Write(ref _nextLook, now + Timestamps(next));
                _again.Change(IsShedding ? Calm : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        return IsShedding;
    }

    public void Dispose() => _again.Dispose();

    private void LookAgain()
    {
        try
        {
            Look();
        }
        catch (OutOfMemoryException)
        {
            // Not even for a look: it goes on shedding, and looks again.
        }
    }

    /// <summary>By whoever took the time of the next look, so one at a time.</summary>
    /// <returns>When to look again.</returns>
    private TimeSpan Look(long now)
    {
        var state = _probe.Read();
        var percent = (state.Limit > 0 ? state.Limit : long.MaxValue) / 100;
        var mark = percent * (_options.Shed - (_shedding ? Hysteresis : 0));
        var inDoubt = state.Live < mark && state.Used >= mark && state.Used - state.Live >= percent * Doubt;
        if (inDoubt)
        {
            _probe.CollectYoung();
            state = _probe.Read();
        }

        Volatile.Write(ref _shedding, state.Live >= mark);
        if ((inDoubt || _shedding) && now >= _nextFullCollection)
        {
            _nextFullCollection = now + _time.TimestampFrequency;
            _probe.CollectAll();
        }

        return state.Used < mark / 2 ? Calm : Near;
    }

    private long Timestamps(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);
}
