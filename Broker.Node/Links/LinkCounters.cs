namespace Broker.Node.Links;

/// <summary>Totals over all lanes of a node since its start. Thread-safe.</summary>
internal sealed class LinkCounters
{
    private long _envelopesSent;
    private long _envelopesReceived;
    private long _resent;
    private long _skips;
    private long _lost;
    private long _gaps;

    public long EnvelopesSent => Interlocked.Read(ref _envelopesSent);

    public long EnvelopesReceived => Interlocked.Read(ref _envelopesReceived);

    /// <summary>Envelopes sent again.</summary>
    public long Resent => Interlocked.Read(ref _resent);

    /// <summary>Times a peer's window stayed full and it was skipped.</summary>
    public long Skips => Interlocked.Read(ref _skips);

    /// <summary>Messages given up that were kept for a skipped, unreachable or leaving peer.</summary>
    public long MessagesLost => Interlocked.Read(ref _lost);

    /// <summary>Gaps appended here for what a peer could not deliver.</summary>
    public long Gaps => Interlocked.Read(ref _gaps);

    public void Sent() => Interlocked.Increment(ref _envelopesSent);

    public void Received() => Interlocked.Increment(ref _envelopesReceived);

    public void SentAgain() => Interlocked.Increment(ref _resent);

    public void Skipped() => Interlocked.Increment(ref _skips);

    public void Gave(int messages) => Interlocked.Add(ref _lost, messages);

    public void Gap() => Interlocked.Increment(ref _gaps);
}
