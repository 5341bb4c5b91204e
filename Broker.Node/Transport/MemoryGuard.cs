using Broker.Node.Configuration;

namespace Broker.Node.Transport;

/// <summary>
/// Says when live memory is so near its limit that new connections are shed: from <c>broker.memory.shed</c> percent on, until it
/// is <see cref="Hysteresis"/> points lower. Thread-safe; asking costs two reads, and ten times a second a look at the collector.
/// </summary>
/// <remarks>
/// What counts is what the last collection left alive: neither garbage nor the process's resident memory says whether there is
/// room. A collection of the young alone leaves dead old objects among the living, and a node that takes nobody in may allocate
/// too little for any collection. So while it sheds it has all garbage collected, at most once a second.
/// </remarks>
/// <param name="options">The mark.</param>
/// <param name="probe">Where the numbers come from.</param>
/// <param name="time">Paces it.</param>
internal sealed class MemoryGuard(MemoryOptions options, IMemoryProbe probe, TimeProvider time)
{
    /// <summary>Percent of the limit between the mark and the end of shedding.</summary>
    public const int Hysteresis = 5;

    private readonly long _interval = time.TimestampFrequency / 10;
    private long _nextLook = long.MinValue;
    private long _nextCollection = long.MinValue;
    private bool _shedding;

    /// <summary>New connections must not be let in now.</summary>
    public bool IsShedding
    {
        get
        {
            var now = time.GetTimestamp();
            var due = Volatile.Read(ref _nextLook);
            if (now >= due && Interlocked.CompareExchange(ref _nextLook, now + _interval, due) == due)
            {
                Look(now);
            }

            return Volatile.Read(ref _shedding);
        }
    }

    /// <summary>By whoever moved the time of the next look, so one at a time.</summary>
    private void Look(long now)
    {
        var (live, limit) = probe.Read();
        var mark = options.Shed - (_shedding ? Hysteresis : 0);
        Volatile.Write(ref _shedding, limit > 0 && live >= limit / 100 * mark);
        if (_shedding && now >= _nextCollection)
        {
            _nextCollection = now + time.TimestampFrequency;
            probe.Collect();
        }
    }
}
