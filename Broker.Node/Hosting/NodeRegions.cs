using Akka;
using Akka.Actor;
using Broker.Node.Configuration;
using Broker.Node.Ownership;

namespace Broker.Node.Hosting;

/// <summary>
/// Starts the node's shard regions when the lanes, which carry what their entities say, are ready; stops them before the lanes' goodbye, the
/// last one first: an entity needs those of the regions before its own.
/// </summary>
internal sealed class NodeRegions(SystemModule system, LanesModule lanes, PartWatch watch)
{
    private readonly List<NodeRegion> _regions = [];

    /// <summary>Called at the node's start only, on one thread.</summary>
    public void Run(ActorSystem running, NodeRegion region)
    {
        if (_regions.Count == 0)
        {
            var shutdown = CoordinatedShutdown.Get(running);
            shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "broker-hand-over", () => StopAsync(shutdown));
        }

        _regions.Add(region);
        watch.Observe(StartAsync(region));
    }

    /// <summary>Others own what was owned here, if there are others and they are heard; where there are none, the first region's is needed to the end.</summary>
    private async Task<Done> StopAsync(CoordinatedShutdown shutdown)
    {
        if (shutdown.ShutdownReason is not CoordinatedShutdown.ClusterDowningReason)
        {
            var start = TimeProvider.System.GetTimestamp();
            foreach (var region in _regions.Skip(system.Members > 1 ? 0 : 1).Reverse())
            {
                var left = ShutdownBudget.HandOver - TimeProvider.System.GetElapsedTime(start);
                await region.StopAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }
        }

        return Done.Instance;
    }

    private async Task StartAsync(NodeRegion region)
    {
        await lanes.Gate!.Ready;
        await region.StartAsync();
    }
}
