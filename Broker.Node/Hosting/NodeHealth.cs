using Broker.Node.Api;
using Broker.Node.Listening;
using Broker.Node.Membership;

namespace Broker.Node.Hosting;

/// <summary>Whether the node serves, and why not; of what the modules know. Thread-safe.</summary>
internal sealed class NodeHealth(LanesModule lanes, Fence fence, Admission admission) : INodeHealth
{
    private readonly TaskCompletionSource _readyForClients = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ListenerBinding? _binding;
    private int _stopping;

    public bool Started => _readyForClients.Task.IsCompleted;

    public bool Ready => Reason is null;

    public string? Reason =>
        NotServing
        ?? (Binding is not { Accepting: true } ? "not accepting connections"
        : admission.Full ? "no room for connections"
        : admission.IsShedding ? "not enough memory for connections"
        : null);

    /// <summary>Whether clients that have been let in are served.</summary>
    public bool Serves => NotServing is null;

    /// <summary>Completes when the node serves for the first time.</summary>
    public Task ReadyForClients => _readyForClients.Task;

    /// <summary>Completes when the lanes are ready and enough other nodes have answered; not before the start.</summary>
    public Task WhenReady => Task.WhenAll(lanes.Gate!.Ready, fence.Opened);

    public bool IsStopping => Volatile.Read(ref _stopping) != 0;

    /// <summary>The public port; null before it is open.</summary>
    public ListenerBinding? Binding
    {
        get => Volatile.Read(ref _binding);
        set => Volatile.Write(ref _binding, value);
    }

    private string? NotServing =>
        IsStopping ? "stopping"
        : lanes.Gate is not { } gate ? "starting"
        : !gate.IsReady ? gate.Reason
        : !fence.IsOpen ? "not enough other nodes answer"
        : null;

    public void SetReadyForClients() => _readyForClients.TrySetResult();

    /// <returns>False: the node was stopping before.</returns>
    public bool Stop() => Interlocked.Exchange(ref _stopping, 1) == 0;
}
