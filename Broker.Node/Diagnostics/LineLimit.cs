namespace Broker.Node.Diagnostics;

/// <summary>
/// At most so many lines of a log in a second. Of those left out only the number is told, once, when their second is over:
/// strangers must not decide how much is written. Thread-safe.
/// </summary>
internal sealed class LineLimit : IDisposable
{
    private readonly int _perSecond;
    private readonly TimeProvider _time;
    private readonly Action<int> _leftOutIn;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private long _second;
    private int _written;
    private int _leftOut;

    /// <param name="perSecond">Lines a second.</param>
    /// <param name="time">For the seconds.</param>
    /// <param name="leftOut">Takes how many lines were left out; called on any thread.</param>
    public LineLimit(int perSecond, TimeProvider time, Action<int> leftOut)
    {
        _perSecond = perSecond;
        _time = time;
        _leftOutIn = leftOut;
        _second = time.GetTimestamp();
        _timer = time.CreateTimer(static limit => ((LineLimit)limit!).EndSecond(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether a line may be written; if not, it is counted.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            if (_time.GetElapsedTime(_second, now) >= TimeSpan.FromSeconds(1))
            {
                (_second, _written) = (now, 0);
            }

            if (_written < _perSecond)
            {
                _written++;
                return true;
            }

            if (_leftOut++ == 0)
            {
                _timer.Change(TimeSpan.FromSeconds(1) - _time.GetElapsedTime(_second, now), Timeout.InfiniteTimeSpan);
            }

            return false;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void EndSecond()
    {
        int count;
        lock (_gate)
        {
            (count, _leftOut) = (_leftOut, 0);
        }

        _leftOutIn(count);
    }
}
