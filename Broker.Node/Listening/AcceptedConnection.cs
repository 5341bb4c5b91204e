using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Broker.Node.Delivery;

namespace Broker.Node.Listening;

/// <summary>
/// A client connection before anybody has read its request: a plain <see cref="Socket"/>, or a <see cref="Stream"/>
/// (TLS, or a WebSocket taken back from Kestrel). Exactly one of the two is set. Whoever holds it owns it:
/// the owner disposes it or hands it on.
/// </summary>
internal sealed class AcceptedConnection(Socket? socket, Stream? stream, IPEndPoint remote, bool tls, AdmissionLease? lease) : IDisposable
{
    private static readonly Action HasEnded = static () => { };

    private Action? _onEnded;
    private int _disposed;

    public Socket? Socket { get; } = socket;

    public Stream? Stream { get; } = stream;

    public IPEndPoint Remote { get; } = remote;

    /// <summary>The client has chosen HTTP/2: nobody here reads it but Kestrel.</summary>
    public bool IsHttp2 { get; } = stream is SslStream { NegotiatedApplicationProtocol: var chosen } && chosen == SslApplicationProtocol.Http2;

    /// <summary>The socket below <see cref="Stream"/>, where that is known; the stream owns it.</summary>
    public Socket? Bottom { get; init; }

    /// <summary>One of the streams of an HTTP/2 connection: <see cref="Bottom"/> carries others too, and no end of this one is an end of theirs.</summary>
    public bool IsShared { get; init; }

    /// <summary>Says that this side sends nothing more, and lets it go on reading; null: <see cref="Stream"/> has another way, or none.</summary>
    public Func<Task>? EndOutput { get; init; }

    /// <summary>Ends the stream at once, whatever waits in it; null: disposing it does.</summary>
    public Action? AbortStream { get; init; }

    /// <summary>This side's end point, where <see cref="Stream"/> cannot tell it.</summary>
    public IPEndPoint? Local { get; init; }

    public bool Tls { get; } = tls;

    /// <summary>Counts this connection against the listener's bounds; null for one whose first owner (Kestrel) holds the lease.</summary>
    public AdmissionLease? Lease { get; } = lease;

    /// <summary>Counts this connection for its client's address, where a proxy brought it; null: the lease does.</summary>
    public IDisposable? Place { get; set; }

    /// <summary>Set when the client has been told already (by Kestrel) that it is accepted: only frames follow.</summary>
    public UpgradedRequest? Upgraded { get; init; }

    /// <summary>Calls once the connection has been disposed, at once if it has been already. Any thread; must not block.</summary>
    public void OnEnded(Action action)
    {
        Action? seen;
        do
        {
            seen = Volatile.Read(ref _onEnded);
            if (ReferenceEquals(seen, HasEnded))
            {
                action();
                return;
            }
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref _onEnded, (Action)Delegate.Combine(seen, action), seen), seen));
    }

    /// <summary>Completes when the connection has been disposed.</summary>
    public Task WhenEnded()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        OnEnded(ended.SetResult);
        return ended.Task;
    }

    /// <summary>
    /// Disposes it with a reset: what its client has not taken is dropped by the kernel at once, instead of being kept and sent again
    /// for minutes.
    /// </summary>
    public void Reset()
    {
        ResetOnDispose();
        AbortStream?.Invoke();
        Dispose();
    }

    /// <summary>The same where somebody else, as Kestrel, disposes it. Any thread.</summary>
    public void ResetOnDispose()
    {
        if (IsShared)
        {
            return;
        }

        try
        {
            (Socket ?? Bottom)?.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The handshake time-out has closed it, or the client reset it: there is nobody left to tell.
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Stream?.Dispose();
        Socket?.Dispose();
        Lease?.Dispose();
        Place?.Dispose();
        Interlocked.Exchange(ref _onEnded, HasEnded)?.Invoke();
    }
}
