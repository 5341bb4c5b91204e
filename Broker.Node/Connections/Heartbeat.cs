namespace Broker.Node.Connections;

/// <summary>When to ping a client and when to give it up. Pure; times in timestamps.</summary>
internal struct Heartbeat(long started, long interval, long timeout)
{
    private long _pinged;
    private bool _waiting;

    /// <summary>When to ask again.</summary>
    public long Due { get; private set; } = started + interval;

    /// <param name="now">Timestamp.</param>
    /// <param name="lastReceived">When the last byte came.</param>
    /// <param name="readingHeld">This side does not read: the clock stands still.</param>
    public HeartbeatAction Next(long now, long lastReceived, bool readingHeld)
    {
        if (now < Due)
        {
            return HeartbeatAction.None;
        }

        if (!_waiting)
        {
            _pinged = now;
            _waiting = true;
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
            return HeartbeatAction.Cut;
        }

        _waiting = false;
        Due = Math.Max(now, _pinged + interval);
        return HeartbeatAction.None;
    }
}
