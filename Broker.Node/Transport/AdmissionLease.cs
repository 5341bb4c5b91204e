namespace Broker.Node.Transport;

/// <summary>One admitted connection's place in the listener's counts; thread-safe, each step happens once.</summary>
internal sealed class AdmissionLease(Action handshakeDone, Action released) : IDisposable
{
    private Action? _handshakeDone = handshakeDone;
    private Action? _released = released;

    /// <summary>The connection is no longer counted among the handshakes in flight.</summary>
    public void HandshakeDone() => Interlocked.Exchange(ref _handshakeDone, null)?.Invoke();

    public void Dispose()
    {
        HandshakeDone();
        Interlocked.Exchange(ref _released, null)?.Invoke();
    }
}
