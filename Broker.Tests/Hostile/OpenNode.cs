namespace Broker.Tests.Hostile;

/// <summary>One node on the system's clock for all tests of a class; everybody may do everything, within the usual limits.</summary>
public sealed class OpenNode : IAsyncLifetime
{
    internal HostileNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await HostileNode.StartAsync();

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
