namespace Broker.Node.Api;

/// <summary>The lifetime of a host inside another: signals are the other's, so that health is still answered while it drains.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
