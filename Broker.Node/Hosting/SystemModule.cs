using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;

namespace Broker.Node.Hosting;

/// <summary>
/// The actor system, the node's own or the application's. Starts it, if nobody has; the coordinated shutdown stops it. Where it ends
/// without the host asking, the host ends as well.
/// </summary>
/// <param name="system">Made when it is first asked for.</param>
/// <param name="isApplications">Whether the application has made it, and ends it.</param>
/// <param name="options">Seeds, and the name.</param>
/// <param name="lifetime">The host's.</param>
/// <param name="log">What is said.</param>
internal sealed class SystemModule(Lazy<ActorSystem> system, bool isApplications, BrokerOptions options, IHostApplicationLifetime lifetime, NodeLog log)
{
    private bool _hasJoined;
    private bool _isAbandoned;

    /// <summary>Null before the start.</summary>
    public ActorSystem? Running => system.IsValueCreated ? system.Value : null;

    /// <summary>Empty before the start.</summary>
    public NodeIdentity Identity { get; private set; } = new("", "");

    public bool IsApplications => isApplications;

    /// <summary>Nodes that are up, as this one sees it.</summary>
    public int Members => Running is { } running ? Cluster.Get(running).State.Members.Count(static member => member.Status == MemberStatus.Up) : 0;

    public ActorSystem Start()
    {
        var cluster = Cluster.Get(system.Value);
        var id = cluster.SelfUniqueAddress.Uid.ToString("x8", CultureInfo.InvariantCulture);
        Identity = new NodeIdentity(id, options.Node.Name.Length > 0 ? options.Node.Name : id);
        cluster.RegisterOnMemberUp(() => Volatile.Write(ref _hasJoined, true));
        log.ClusterListens(cluster.SelfAddress.Host!, cluster.SelfAddress.Port ?? 0);
        return system.Value;
    }

    /// <summary>The actor system may end without the host asking: then the process ends, for its supervisor to start it anew.</summary>
    public async Task WatchAsync()
    {
        await system.Value.WhenTerminated;
        if (!lifetime.ApplicationStopping.IsCancellationRequested && !Volatile.Read(ref _isAbandoned))
        {
            if (Volatile.Read(ref _hasJoined))
            {
                log.Removed();
            }
            else
            {
                log.NotJoined(string.Join(", ", options.Cluster.Seeds));
            }

            EndHost();
        }
    }

    /// <summary>The host ends, not by its own will.</summary>
    public void EndHost()
    {
        Environment.ExitCode = 1;
        lifetime.StopApplication();
    }

    /// <summary>From here on others count this node as gone, and so does its own cluster actor: the system ends.</summary>
    public void Down()
    {
        if (Running is { } running)
        {
            Cluster.Get(running).Down(Cluster.Get(running).SelfAddress);
        }
    }

    /// <summary>The host's start has failed: the system does not stay behind.</summary>
    public async Task AbandonAsync()
    {
        Volatile.Write(ref _isAbandoned, true);
        if (Running is { } running)
        {
            await CoordinatedShutdown.Get(running).Run(StartFailed.Instance);
        }
    }

    public sealed class StartFailed : CoordinatedShutdown.Reason
    {
        public static readonly StartFailed Instance = new();

        public override int ExitCode => 1;
    }
}
