namespace Broker.Node.Listening;

/// <summary>One admitted connection's place in the listener's counts; thread-safe, each step happens once.</summary>
internal sealed class AdmissionLease(Func<bool> handshakeDone, Action released) : IDisposable
{
    private Func<bool>? _handshakeDone = handshakeDone;
    private Action? _released = released;

    /// <summary>The connection is no longer counted among the handshakes in flight.</summary>
    /// <returns>False: it was not any more; <see cref="Admission"/> may have ended it.</returns>
    public bool HandshakeDone() => Interlocked.Exchange(ref _handshakeDone, null)?.Invoke() ?? false;

    public void Dispose()
    {
        HandshakeDone();
        Interlocked.Exchange(ref _released, null)?.Invoke();
    }
}
