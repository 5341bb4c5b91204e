using System.Diagnostics;
using Akka;
using Akka.Actor;
using Broker.Node.Configuration;
using Broker.Node.Ownership;

namespace Broker.Node.Hosting;

/// <summary>Starts the shard region of the partitions when the lanes, which do the work of owners, are ready.</summary>
internal sealed class OwnershipModule(SystemModule system, LanesModule lanes, RoomsModule rooms, PartWatch watch) : INodePart
{
    public void Start(IActorContext node)
    {
        var region = new PartitionRegion(node.System, lanes.Leases, AkkaConfig.ShardingOf(node.System.Settings.Config));
        watch.Observe(StartRegionAsync(region));
        var shutdown = CoordinatedShutdown.Get(node.System);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "broker-hand-over", () => StopRegionAsync(shutdown, region));
    }

    /// <summary>Before the lanes' goodbye: others own what was owned here, if there are others and they are heard.</summary>
    private async Task<Done> StopRegionAsync(CoordinatedShutdown shutdown, PartitionRegion region)
    {
        if (system.Members > 1 && shutdown.ShutdownReason is not CoordinatedShutdown.ClusterDowningReason)
        {
            var begun = Stopwatch.GetTimestamp();
            await rooms.StopAsync(ShutdownBudget.RoomsHandOver);
            await region.StopAsync(ShutdownBudget.HandOver - Stopwatch.GetElapsedTime(begun));
        }

        return Done.Instance;
    }

    private async Task StartRegionAsync(PartitionRegion region)
    {
        await lanes.Gate!.Ready;
        await region.StartAsync();
    }
}
