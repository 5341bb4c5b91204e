namespace Broker.Protocol.Session;

/// <summary>
/// A token bucket in one number (the generic cell rate algorithm): the time at which the bucket would be full again.
/// </summary>
internal struct ControlBudget
{
    private const int BurstSeconds = 2;
    private long _full;

    /// <param name="perSecond">Rate; the burst is twice as much. 0: unlimited.</param>
    /// <param name="time">Read once per call.</param>
    public bool TryTake(int perSecond, TimeProvider time)
    {
        if (perSecond == 0)
        {
            return true;
        }

        var now = time.GetTimestamp();
        var interval = time.TimestampFrequency / perSecond;
        var full = Math.Max(_full, now) + interval;
        if (full - now > interval * perSecond * BurstSeconds)
        {
            return false;
        }

        _full = full;
        return true;
    }
}
