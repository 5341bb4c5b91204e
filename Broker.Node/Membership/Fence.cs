using System.Collections.Concurrent;

namespace Broker.Node.Membership;

/// <summary>
/// Whether this node may still promise anything to its clients: whether members that answered its pulses of the last
/// <see cref="Validity"/> make it a majority. A node that the others have given up finds its fence closed before it can have
/// heard of that: a process that stood still, or that can receive and not send, has no fresh answers. Thread-safe.
/// </summary>
/// <remarks>
/// What makes it a fence is the order of three times. A member answers no pulse of a node that it sees Down or removed; an
/// answer opens the fence until <see cref="Validity"/> after its pulse was <em>sent</em>; the member shows its own clients the
/// <c>gap</c> of that node no earlier than <see cref="Silence"/> after its last answer. So whatever was acknowledged there was
/// acknowledged before the <c>gap</c> here. The clock is monotonic and runs on while the process stands still
/// (CLOCK_MONOTONIC); it is assumed to run equally fast, within a fifth, on both sides.
/// </remarks>
internal sealed class Fence
{
    /// <summary>How long after a pulse was sent its answers count.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromSeconds(2.5);

    /// <summary>How long after the last answer a node's own fence is certainly closed.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<uint, long> _answered = new();
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _openUntil;
    private bool _isClosed;

    /// <summary>Closed until it is opened.</summary>
    public Fence(TimeProvider time) => _time = time;

    /// <summary>For lanes without a cluster: always open.</summary>
    public static Fence None { get; } = new(TimeProvider.System) { _openUntil = long.MaxValue };

    /// <summary>Looked at before a batch, and again before its answers leave. Two reads, one of them of the clock.</summary>
    public bool IsOpen => _time.GetTimestamp() < Volatile.Read(ref _openUntil);

    /// <summary>Completes when it is open for the first time; never, if it is closed for good before.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Opens it until a timestamp, or closes it (0), unless it is closed for good.</summary>
    public void Open(long until)
    {
        lock (_gate)
        {
            Volatile.Write(ref _openUntil, _isClosed ? 0 : until);
        }

        if (IsOpen)
        {
            _opened.TrySetResult();
        }
    }

    /// <summary>For good.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Volatile.Write(ref _openUntil, 0);
        }
    }

    /// <summary>A pulse of this peer is being answered.</summary>
    public void Answering(uint peer) => _answered[peer] = _time.GetTimestamp();

    /// <summary>How long until the fence of a peer, whose pulses are answered no more, is certainly closed.</summary>
    public TimeSpan UntilSilent(uint peer)
    {
        var left = _answered.TryGetValue(peer, out var at) ? Silence - _time.GetElapsedTime(at) : TimeSpan.Zero;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The peer's clients have been told, or there is nothing to tell.</summary>
    public void Forget(uint peer) => _answered.TryRemove(peer, out _);
}
