namespace Broker.Tests.Hosting;

/// <summary>One application with a broker, shared by the specs that do not stop it.</summary>
public sealed class OneHost : IAsyncLifetime
{
    internal InProcessHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await InProcessHost.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
