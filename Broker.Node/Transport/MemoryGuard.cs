using Broker.Node.Configuration;

namespace Broker.Node.Transport;

/// <summary>
/// Says when live memory is so near its limit that new connections are shed: from <c>broker.memory.shed</c> percent on, until it
/// is <see cref="Hysteresis"/> points lower. Thread-safe; asking costs two reads, and a look at the collector where one is due.
/// </summary>
/// <remarks>
/// What counts is what is alive: neither garbage nor the process's resident memory says whether there is room. Only a collection
/// tells, and the next one by itself may come too late, so where what has been allocated since could pass the mark, the young are
/// collected. That leaves dead old objects among the living, and a node that takes nobody in may allocate too little for any
/// collection: so all garbage is collected too, at most once a second.
/// </remarks>
/// <param name="options">The mark.</param>
/// <param name="probe">Where the numbers come from.</param>
/// <param name="time">Paces it.</param>
internal sealed class MemoryGuard(MemoryOptions options, IMemoryProbe probe, TimeProvider time)
{
    /// <summary>Percent of the limit between the mark and the end of shedding.</summary>
    public const int Hysteresis = 5;

    /// <summary>Percent of the limit that must have been allocated before the young are collected, or near the mark they would be all the time.</summary>
    public const int Doubt = 3;

    /// <summary>Between two looks while less than half of what the mark allows is in use.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(100);

    /// <summary>Between two looks from there on.</summary>
    public static readonly TimeSpan Near = TimeSpan.FromMilliseconds(10);

    private long _nextLook = long.MinValue;
    private long _nextFullCollection = long.MinValue;
    private bool _shedding;

    /// <summary>New connections must not be let in now.</summary>
    public bool IsShedding
    {
        get
        {
            var now = time.GetTimestamp();
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
                }
            }

            return Volatile.Read(ref _shedding);
        }
    }

    /// <summary>By whoever took the time of the next look, so one at a time.</summary>
    /// <returns>When to look again.</returns>
    private TimeSpan Look(long now)
    {
        var state = probe.Read();
        var percent = (state.Limit > 0 ? state.Limit : long.MaxValue) / 100;
        var mark = percent * (options.Shed - (_shedding ? Hysteresis : 0));
        var inDoubt = state.Live < mark && state.Used >= mark && state.Used - state.Live >= percent * Doubt;
        if (inDoubt)
        {
            probe.CollectYoung();
            state = probe.Read();
        }

        Volatile.Write(ref _shedding, state.Live >= mark);
        if ((inDoubt || _shedding) && now >= _nextFullCollection)
        {
            _nextFullCollection = now + time.TimestampFrequency;
            probe.CollectAll();
        }

        return state.Used < mark / 2 ? Calm : Near;
    }

    private long Timestamps(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
