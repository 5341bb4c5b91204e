using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;

namespace Broker.Node.Hosting;

/// <summary>
/// The node among the services of a host: starts the modules with the host before its web server, opens the public port after it,
/// and has clients closed before the web server stops.
/// </summary>
internal sealed class BrokerNode(
    BrokerOptions options,
    OperationsModule operations,
    SystemModule system,
    ActorsModule actors,
    ListenerModule listener,
    ShutdownModule shutdown,
    NodeHealth health,
    PartWatch watch,
    NodeLog log) : IHostedLifecycleService
{
    public Task ReadyForClients => health.ReadyForClients;

    /// <summary>The public port; null before it is open.</summary>
    public IPEndPoint? EndPoint => health.Binding?.EndPoint;

    /// <summary>Null before the start.</summary>
    public ActorSystem? System => system.Running;

    public Task StartingAsync(CancellationToken cancellationToken) =>
        StartPartAsync(() => operations.StartAsync(cancellationToken), () => $"{operations.Address} for operations", "--ops-port, broker.ops.port");

    public Task StartAsync(CancellationToken cancellationToken) => StartPartAsync(
        () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return actors.StartAsync();
        },
        () => $"{options.Cluster.Host}:{options.Cluster.Port} for other nodes",
        "--cluster-port, broker.cluster.port");

    /// <summary>The host's web server is up: requests that are not upgrades have somewhere to go.</summary>
    public Task StartedAsync(CancellationToken cancellationToken) =>
        StartPartAsync(OpenAsync, () => $"{options.Listen.Host}:{options.Listen.Port} for clients", "--port, broker.listen.port");

    public Task StoppingAsync(CancellationToken cancellationToken) => shutdown.StopAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken) => await operations.StopAsync();

    private async Task OpenAsync()
    {
        var (binding, accepting) = await listener.OpenAsync();
        health.Binding = binding;
        watch.Observe(accepting);
        watch.Observe(AnnounceAsync(binding.EndPoint));
    }

    private async Task AnnounceAsync(IPEndPoint endPoint)
    {
        await health.WhenReady;
        health.SetReadyForClients();
        var members = options.Cluster.HasOtherSeeds ? string.Create(CultureInfo.InvariantCulture, $"{system.Members} member(s)") : "alone, without other seeds";
        log.IsReady(system.Identity.Name, listener.Scheme, endPoint, options.Listen.Paths[0], members);
    }

    /// <summary>What has been started does not stay behind where a part cannot be; a port in use is told by its flag.</summary>
    private async Task StartPartAsync(Func<Task> start, Func<string> address, string setting)
    {
        try
        {
            await start();
        }
        catch (Exception e)
        {
            await system.AbandonAsync();
            await operations.StopAsync();
            if (Refusal(e) is { } why)
            {
                throw new IOException($"cannot listen on {address()}: {why} ({setting})", e);
            }

            throw;
        }
    }

    /// <summary>The line about an address that cannot be had; null: it is something else.</summary>
    private static string? Refusal(Exception error)
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
            {
                return ListeningSocket.Explain(socket);
            }
        }

        return null;
    }
}
