namespace Broker.Tests.Hostile;

/// <summary>One node that takes compressed messages, with the limits of <c>reference.conf</c>.</summary>
public sealed class DeflateNode : IAsyncLifetime
{
    internal HostileNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await HostileNode.StartAsync(HostileNode.Open + "broker.deflate.enabled = on\nbroker.limits.fragments = 2000\n");

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
