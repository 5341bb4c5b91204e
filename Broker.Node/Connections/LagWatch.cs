namespace Broker.Node.Connections;

/// <summary>
/// Decides when a client reads too slowly: it is owed more than the byte bound, or has not been sent within the time bound
/// what it was owed at the time's start. Pure; times in timestamps.
/// </summary>
internal struct LagWatch(long byteLimit, long timeLimit)
{
    private long _since;
    private long _target;
    private bool _watching;

    /// <param name="now">Timestamp.</param>
    /// <param name="flushed">Bytes the transport has taken so far.</param>
    /// <param name="gathered">Bytes handed to the transport so far.</param>
    /// <param name="waiting">Bytes not yet handed to the transport.</param>
    public bool IsOver(long now, long flushed, long gathered, long waiting)
    {
        if (!_watching || flushed >= _target)
        {
            _watching = true;
            _since = now;
            _target = gathered + waiting;
        }

        return waiting > byteLimit || now - _since >= timeLimit;
    }

    /// <summary>Part of what was owed when the present watch began has not been sent.</summary>
    public readonly bool IsOwed(long flushed) => _watching && flushed < _target;

    public void Reset() => _watching = false;
}
