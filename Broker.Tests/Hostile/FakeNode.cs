using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>As <see cref="OpenNode"/>, on a clock that the tests move.</summary>
public sealed class FakeNode : IAsyncLifetime
{
    internal HostileNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await HostileNode.StartAsync(HostileNode.Open, TokenForge.Clock());

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
