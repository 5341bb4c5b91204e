using Broker.Node.Api;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Hosting;

/// <summary>
/// What an operator looks at: says what is odd about the configuration, and opens the operations port. First to start, so that the
/// port answers while the node waits for its cluster, and last to stop.
/// </summary>
internal sealed class OperationsModule(ConfigurationResult configuration, BrokerOptions options, NodeHealth health, NodeLog log)
{
    private Func<ValueTask> _stop = static () => ValueTask.CompletedTask;

    /// <summary>Where it listens, or is to listen.</summary>
    public string Address => $"{options.Ops.Host}:{OpsServer.PortFor(options.Ops, options.Listen.Port)}";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var warning in configuration.Warnings)
        {
            log.Warning(warning);
        }

        var server = new OpsServer(options.Ops, options.Listen.Port, health);
        _stop = server.DisposeAsync;
        log.OpsListens(await server.StartAsync(cancellationToken));
    }

    public ValueTask StopAsync() => _stop();
}
