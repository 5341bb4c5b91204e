using Akka.Actor;
using Broker.Node.Configuration;
using Broker.Node.Ownership;

namespace Broker.Node.Hosting;

/// <summary>Starts the shard region of the partitions when the lanes, which do the work of owners, are ready.</summary>
internal sealed class OwnershipModule(LanesModule lanes, PartWatch watch) : INodePart
{
    private PartitionRegion? _region;

    public void Start(IActorContext node)
    {
        var region = new PartitionRegion(node.System, lanes.Leases, AkkaConfig.ShardingOf(node.System.Settings.Config));
        Volatile.Write(ref _region, region);
        watch.Observe(StartRegionAsync(region));
    }

    /// <inheritdoc cref="PartitionRegion.StopAsync"/>
    public Task<bool> StopAsync() => Volatile.Read(ref _region)?.StopAsync(ShutdownBudget.HandOver) ?? Task.FromResult(true);

    private async Task StartRegionAsync(PartitionRegion region)
    {
        await lanes.Gate!.Ready;
        await region.StartAsync();
    }
}
