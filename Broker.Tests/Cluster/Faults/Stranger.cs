using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster.Faults;

/// <summary>
/// An actor system outside of any cluster that reaches the cluster ports of nodes, and ends actors of Akka's there: a fault that neither
/// a client nor a signal can cause.
/// </summary>
internal sealed class Stranger : IAsyncDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("stranger", """
        akka { actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          loglevel = OFF
          stdout-loglevel = OFF }
        """);

    /// <param name="node">On this machine, without TLS between nodes.</param>
    /// <param name="path">Of the actor, such as <c>/system/cluster</c>.</param>
    public async Task KillAsync(NodeProcess node, string path, CancellationToken cancellation)
    {
        var actor = await _system.ActorSelection($"akka.tcp://{ClusterOptions.SystemName}@{node.Cluster}{path}").ResolveOne(TimeSpan.FromSeconds(10), cancellation);
        actor.Tell(Kill.Instance, ActorRefs.NoSender);
    }

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate();
        _system.Dispose();
    }
}
