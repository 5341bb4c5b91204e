using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>One node with the embedded defaults, shared by the specs that do not stop it.</summary>
public sealed class OneNode : IAsyncLifetime
{
    internal NodeProcess Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await NodeProcess.StartAsync([], TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Node is not null)
        {
            await Node.DisposeAsync();
        }
    }
}
