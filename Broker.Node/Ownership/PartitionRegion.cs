using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;

namespace Broker.Node.Ownership;

/// <summary>The shard region of the partitions on this node. Starts once, stops once. Thread-safe.</summary>
internal sealed class PartitionRegion(ActorSystem system, PartitionLeases leases, ClusterShardingSettings settings)
{
    /// <summary>The same on every node.</summary>
    public const string Name = "partitions";

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

            started = _started = ClusterSharding.Get(system).StartAsync(
                Name,
                PropsOf,
                settings,
                new PartitionExtractor(),
                new PartitionAllocation(Cluster.Get(system)),
                PoisonPill.Instance);
        }

        var region = await started;
        lock (_lock)
        {
            leases.Region = _isStopped ? null : region;
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
            leases.Region = null;
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

    private Props PropsOf(string partition)
    {
        var number = int.Parse(partition, NumberStyles.None, CultureInfo.InvariantCulture);
        return Props.Create(() => new PartitionLease(leases, number));
    }
}
