using Akka.Actor;
using Akka.Cluster.Sharding;

namespace Broker.Node.Ownership;

/// <summary>A shard region on this node. Starts once, stops once. Thread-safe.</summary>
/// <param name="start">Starts it.</param>
/// <param name="show">Told the region when it has started, and null before it stops: from then on nothing may be sent to it.</param>
internal sealed class NodeRegion(Func<Task<IActorRef>> start, Action<IActorRef?> show)
{
    private readonly Lock _lock = new();
    private Task<IActorRef>? _started;
    private bool _isStopped;

    /// <summary>From here on this node owns what it is given. Does nothing after <see cref="StopAsync"/>.</summary>
    public async Task StartAsync()
    {
        Task<IActorRef> started;
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            started = _started = start();
        }

        var region = await started;
        lock (_lock)
        {
            show(_isStopped ? null : region);
        }
    }

    /// <summary>
    /// Gives up what this node owns: another node owns it when that is asked for. True when this node owns nothing any more; false
    /// when the time was up before.
    /// </summary>
    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        Task<IActorRef>? started;
        lock (_lock)
        {
            _isStopped = true;

            // A region does not end while messages wait in it.
            show(null);
            started = _started;
        }

        try
        {
            return started is null || await (await started).GracefulStop(timeout, GracefulShutdown.Instance);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
