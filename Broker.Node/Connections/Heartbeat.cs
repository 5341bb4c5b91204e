using Broker.Node.Delivery;

namespace Broker.Node.Connections;

/// <summary>
/// When to ping a client and when to give it up. Pure; times in timestamps. A ping that stands behind output which the client is
/// still taking has not left: as long as that drains, the client lives, and the time for its answer begins when it has drained.
/// </summary>
internal struct Heartbeat(long started, long interval, long timeout)
{
    private long _pinged;
    private long _drained;
    private bool _waiting;
    private bool _isBehind;

    /// <summary>When to ask again.</summary>
    public long Due { get; private set; } = started + interval;

    /// <summary>Other times count from now on; an answer that is waited for has the time that it was given.</summary>
    public void Change(long now, long newInterval, long newTimeout)
    {
        (interval, timeout) = (newInterval, newTimeout);
        if (!_waiting)
        {
            Due = now + interval;
        }
    }

    /// <param name="now">Timestamp.</param>
    /// <param name="lastReceived">When the last byte came.</param>
    /// <param name="readingHeld">This side does not read: the clock stands still.</param>
    /// <param name="output">What the client has taken so far.</param>
    public HeartbeatAction Next(long now, long lastReceived, bool readingHeld, OutputProgress output)
    {
        if (now < Due)
        {
            return HeartbeatAction.None;
        }

        if (!_waiting)
        {
            _pinged = now;
            _waiting = true;
            (_isBehind, _drained) = (!output.IsEmpty, output.Drained);
            Due = now + timeout;
            return HeartbeatAction.Ping;
        }

        if (readingHeld)
        {
            Due = now + timeout;
            return HeartbeatAction.None;
        }

        if (lastReceived < _pinged)
        {
            if (!_isBehind)
            {
                return HeartbeatAction.Cut;
            }

            if (!output.IsEmpty && output.Drained == _drained)
            {
                return HeartbeatAction.Slow;
            }

            (_isBehind, _drained) = (!output.IsEmpty, output.Drained);
            Due = now + timeout;
            return HeartbeatAction.None;
        }

        _waiting = false;
        Due = Math.Max(now, _pinged + interval);
        return HeartbeatAction.None;
    }
}
