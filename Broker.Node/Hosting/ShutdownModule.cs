using Akka;
using Akka.Actor;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Links;

namespace Broker.Node.Hosting;

/// <summary>
/// Stops the node in the phases of Akka's coordinated shutdown, whoever asks for it: the host, <c>Cluster.Leave</c> from elsewhere,
/// or being downed.
/// </summary>
internal sealed class ShutdownModule(
    BrokerOptions options,
    SystemModule system,
    ListenerModule listener,
    ClientsModule clients,
    LanesModule lanes,
    NodeHealth health,
    PartWatch watch,
    NodeLog log,
    TimeProvider time) : INodePart
{
    public void Start(IActorContext node)
    {
        var shutdown = CoordinatedShutdown.Get(node.System);
        Add(shutdown, CoordinatedShutdown.PhaseBeforeServiceUnbind, "broker-unready", () => BecomeUnreadyAsync(IsOwn(shutdown)));
        Add(shutdown, CoordinatedShutdown.PhaseServiceUnbind, "broker-unbind", listener.CloseAsync);
        Add(shutdown, CoordinatedShutdown.PhaseServiceRequestsDone, "broker-drain", () => clients.DrainAsync(IsOwn(shutdown) ? options.Drain.Time : TimeSpan.Zero));
        Add(shutdown, CoordinatedShutdown.PhaseBeforeClusterShutdown, "broker-goodbye", () => SayGoodbyeAsync(shutdown));
        watch.Observe(CloseClientsAsync(lanes.Gate!));
    }

    /// <summary>The host stops, and its web server has not yet: clients are told, then the node leaves the cluster.</summary>
    public async Task StopAsync()
    {
        if (system.Running is not { } running)
        {
            return;
        }

        log.Stopping();
        if (!system.IsApplications)
        {
            await CoordinatedShutdown.Get(running).Run(CoordinatedShutdown.ClrExitReason.Instance);
            return;
        }

        // The application's requests under way may need its actors until its web server has stopped: then its host ends the system.
        // Where the application has ended the system itself, nobody is left to be told.
        await Task.WhenAny(CloseAsync(), running.WhenTerminated).Unwrap();
    }

    private async Task CloseAsync()
    {
        await BecomeUnreadyAsync(inOrder: true);
        await listener.CloseAsync();
        await clients.DrainAsync(options.Drain.Time);
    }

    private static void Add(CoordinatedShutdown shutdown, string phase, string name, Func<Task> task) => shutdown.AddTask(phase, name, async () =>
    {
        await task();
        return Done.Instance;
    });

    /// <summary>This node stops by its own will, and may take its time.</summary>
    private static bool IsOwn(CoordinatedShutdown shutdown) =>
        shutdown.ShutdownReason is not (CoordinatedShutdown.ClusterDowningReason or CoordinatedShutdown.ClusterLeavingReason or SystemModule.StartFailed);

    private async Task BecomeUnreadyAsync(bool inOrder)
    {
        if (health.Stop() && inOrder)
        {
            await Task.Delay(options.Drain.Delay, time);
        }
    }

    private async Task SayGoodbyeAsync(CoordinatedShutdown shutdown)
    {
        if (shutdown.ShutdownReason is not CoordinatedShutdown.ClusterDowningReason && !await lanes.GoodbyeAsync(ShutdownBudget.Goodbye))
        {
            log.NoGoodbye();
        }
    }

    /// <summary>
    /// A node that is leaving by another's word, or was downed, gets nothing from its peers any more and must not serve a
    /// moment longer than it can help: the shutdown comes only when all members have seen that it leaves.
    /// </summary>
    private async Task CloseClientsAsync(ReadyGate gate)
    {
        await gate.Closed;
        await clients.DrainAsync(TimeSpan.Zero);
    }
}
