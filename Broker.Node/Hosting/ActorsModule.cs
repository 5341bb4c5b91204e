using Akka.Actor;

namespace Broker.Node.Hosting;

/// <summary>Starts the node's actor, and the modules with actors below it; everything ends with the actor system.</summary>
internal sealed class ActorsModule(SystemModule system, IEnumerable<INodePart> parts, PartWatch watch)
{
    public async Task StartAsync()
    {
        var running = system.Start();
        watch.Observe(system.WatchAsync());
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var node = running.ActorOf(Props.Create(() => new NodeActor(parts, started, watch.Ended)), NodeActor.Name);
        watch.Observe(FollowAsync(node));
        await started.Task;
    }

    /// <summary>Nobody starts it again.</summary>
    private async Task FollowAsync(IActorRef node)
    {
        await node.WatchAsync();
        watch.Ended(node.Path.ToStringWithoutAddress());
    }
}
