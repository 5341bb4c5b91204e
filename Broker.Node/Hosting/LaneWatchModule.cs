using Akka.Actor;
using Broker.Node.Lanes;

namespace Broker.Node.Hosting;

/// <summary>Ends the node where a lane does nothing any more: the others would wait for it for ever, for it is a member that answers.</summary>
internal sealed class LaneWatchModule(LanesModule lanes, SystemModule system, PartWatch watch) : INodePart, IDisposable
{
    private LaneWatch? _watch;

    public void Start(IActorContext node)
    {
        // The timers of lanes are the actor system's, which knows no other clock.
        _watch = new LaneWatch(lanes.All, TimeProvider.System, OnStuck);
        node.System.RegisterOnTermination(_watch.Dispose);
    }

    public void Dispose() => _watch?.Dispose();

    private void OnStuck(int lane, int looks)
    {
        if (looks == LaneWatch.Patience)
        {
            watch.Stuck(lane);
        }
        else if (looks == 2 * LaneWatch.Patience)
        {
            // The actor system does not end either, for it waits for the lane.
            system.EndHost();
        }
    }
}
