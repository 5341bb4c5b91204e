namespace Broker.Node.Transports.WebSocket;

/// <summary>When a peer was heard of, in timestamps. Safe from any thread; a field of its connection.</summary>
/// <param name="started">When the connection began, which counts as heard of.</param>
internal struct Liveness(long started)
{
    private long _lastReceived = started;
    private long _pinged;
    private long _messageBegun;

    public long LastReceived => Volatile.Read(ref _lastReceived);

    /// <summary>0: no message is unfinished.</summary>
    public long MessageBegun => Volatile.Read(ref _messageBegun);

    /// <summary>Bytes came, or this side begins to read again: its own pause is not the peer's silence.</summary>
    public void Heard(long now) => Volatile.Write(ref _lastReceived, now);

    public void Pinged(long now) => Volatile.Write(ref _pinged, now);

    /// <returns>When the ping was sent; 0: none was since the last pong.</returns>
    public long Ponged() => Interlocked.Exchange(ref _pinged, 0);

    /// <summary>A message has begun, or none is unfinished any more.</summary>
    /// <returns>True: none was unfinished, and one is now.</returns>
    public bool Unfinished(bool isUnfinished, long now) =>
        Interlocked.Exchange(ref _messageBegun, isUnfinished ? now : 0) == 0 && isUnfinished;
}
