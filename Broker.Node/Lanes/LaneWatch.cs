namespace Broker.Node.Lanes;

/// <summary>
/// Looks once a second whether lanes turn. It counts its own looks and reads no clock: a process that stood still has had no look
/// meanwhile, and its lanes go on when it does.
/// </summary>
internal sealed class LaneWatch : IDisposable
{
    /// <summary>Looks without a turn after which a lane is stuck: one without anything to do turns once a second.</summary>
    public const int Patience = 10;

    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<Lane> _lanes;
    private readonly Action<int, int> _stuck;
    private readonly long[] _turns;
    private readonly int[] _looks;
    private readonly ITimer _timer;
    private bool _isDisposed;

    /// <param name="lanes">Of the node.</param>
    /// <param name="time">Makes the looks.</param>
    /// <param name="stuck">Told at every look which lane is stuck, and for how many looks: from <see cref="Patience"/> on.</param>
    public LaneWatch(IReadOnlyList<Lane> lanes, TimeProvider time, Action<int, int> stuck)
    {
        (_lanes, _stuck) = (lanes, stuck);
        _turns = new long[lanes.Count];
        _looks = new int[lanes.Count];
        _timer = time.CreateTimer(static watch => ((LaneWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(Interval, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        Volatile.Write(ref _isDisposed, true);
        _timer.Dispose();
    }

    private void Look()
    {
        for (var i = 0; i < _lanes.Count && !Volatile.Read(ref _isDisposed); i++)
        {
            var turns = _lanes[i].Turns;
            _looks[i] = turns == _turns[i] ? _looks[i] + 1 : 0;
            _turns[i] = turns;
            if (_looks[i] >= Patience)
            {
                _stuck(i, _looks[i]);
            }
        }

        // Not periodic: looks that were missed are not made up for.
        _timer.Change(Interval, Timeout.InfiniteTimeSpan);
    }
}
