using Broker.Node.Membership;

namespace Broker.Node.Hosting;

/// <summary>Ends the node where a part of it has failed: a node is whole or it is not there. Thread-safe.</summary>
internal sealed class PartWatch(SystemModule system, LanesModule lanes, Fence fence, NodeHealth health, NodeLog log)
{
    /// <summary>A task that nobody waits for: its failure is said, and ends the node, which could not be whole without it.</summary>
    public void Observe(Task task) => task.ContinueWith(
        failed =>
        {
            if (!health.IsStopping)
            {
                log.PartFailed(failed.Exception!.GetBaseException());
                End();
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);

    /// <summary>An actor that is not restarted has ended.</summary>
    public void Ended(string part)
    {
        if (!health.IsStopping)
        {
            log.PartEnded(part);
            End();
        }
    }

    /// <summary>A lane does nothing any more, and nobody else can do it in its place.</summary>
    public void Stuck(int lane)
    {
        if (!health.IsStopping)
        {
            log.LaneStuck(lane);
            End();
        }
    }

    /// <summary>As a node that was downed: nothing is promised any more, clients are closed, and the process ends with 1.</summary>
    public void End()
    {
        fence.Close();
        lanes.Close("this node ends");
        system.Down();
    }
}
