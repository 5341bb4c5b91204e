using System.Net;

namespace Broker.Node.Listening;

/// <summary>A listening socket in use by a <see cref="ListenerStage"/>. Thread-safe.</summary>
internal sealed class ListenerBinding(IPEndPoint endPoint, Action unbind)
{
    private readonly TaskCompletionSource _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _accepting = true;

    /// <summary>Where it listens, with the port that the system chose.</summary>
    public IPEndPoint EndPoint { get; } = endPoint;

    /// <summary>False while accepting fails (out of file descriptors) and after the end: the node is not ready.</summary>
    public bool Accepting
    {
        get => _accepting && !_unbound.Task.IsCompleted;
        internal set => _accepting = value;
    }

    /// <summary>Completes when the listening socket is closed, for whatever reason.</summary>
    public Task Unbound => _unbound.Task;

    /// <summary>
    /// Closes the listening socket; connections already accepted go their way. The stage completes when the TLS handshakes
    /// in flight are done and delivered.
    /// </summary>
    public Task UnbindAsync()
    {
        unbind();
        return Unbound;
    }

    internal void SetUnbound() => _unbound.TrySetResult();
}
