namespace Broker.Node.Listening;

/// <summary>Token bucket of <paramref name="perSecond"/> tokens a second that holds one second's worth. Not thread-safe.</summary>
internal sealed class AcceptRate(int perSecond, TimeProvider time)
{
    private double _tokens = perSecond;
    private long _filled = time.GetTimestamp();

    public bool TryTake()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(perSecond, _tokens + (time.GetElapsedTime(_filled, now).TotalSeconds * perSecond));
        _filled = now;
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
