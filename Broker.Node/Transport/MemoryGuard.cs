using Broker.Node.Configuration;

namespace Broker.Node.Transport;

/// <summary>
/// Says when live memory is so near its limit that new connections are shed: from <c>broker.memory.shed</c> percent on, until it
/// is <see cref="Hysteresis"/> points lower. Thread-safe.
/// </summary>
/// <remarks>
/// What counts is what is alive: neither garbage nor the process's resident memory says whether there is room. Only a collection
/// tells, and the next one by itself may come too late, so where what has been allocated since could pass the mark, the young are
/// collected. That leaves dead old objects among the living, and a node that takes nobody in may allocate too little for any
/// collection: while it sheds it has all garbage collected, at most once a second.
/// </remarks>
internal sealed class MemoryGuard : IDisposable
{
    /// <summary>Percent of the limit between the mark and the end of shedding.</summary>
    public const int Hysteresis = 5;

    /// <summary>Between two looks while less than half of what the mark allows is in use.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(100);

    /// <summary>Between two looks from there on.</summary>
    public static readonly TimeSpan Near = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan BetweenFullCollections = TimeSpan.FromSeconds(1);

    private readonly MemoryOptions _options;
    private readonly IMemoryProbe _probe;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long? _lastFullCollection;
    private bool _shedding;

    /// <param name="options">The mark.</param>
    /// <param name="probe">Where the numbers come from.</param>
    /// <param name="time">Paces it.</param>
    public MemoryGuard(MemoryOptions options, IMemoryProbe probe, TimeProvider time)
    {
        (_options, _probe, _time) = (options, probe, time);
        _timer = time.CreateTimer(static guard => ((MemoryGuard)guard!).Look(), this, Calm, Timeout.InfiniteTimeSpan);
    }

    /// <summary>New connections must not be let in now.</summary>
    public bool IsShedding => Volatile.Read(ref _shedding);

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var state = _probe.Read();
        var percent = (state.Limit > 0 ? state.Limit : long.MaxValue) / 100;
        var mark = percent * (_options.Shed - (_shedding ? Hysteresis : 0));

        // One percent at least: near the mark the young would be collected all the time.
        if (state.Live < mark && state.Used >= mark && state.Used - state.Live >= percent)
        {
            _probe.CollectYoung();
            state = _probe.Read();
        }

        Volatile.Write(ref _shedding, state.Live >= mark);
        if (_shedding && (_lastFullCollection is not { } last || _time.GetElapsedTime(last) >= BetweenFullCollections))
        {
            _lastFullCollection = _time.GetTimestamp();
            _probe.CollectAll();
        }

        _timer.Change(state.Used < mark / 2 ? Calm : Near, Timeout.InfiniteTimeSpan);
    }
}
