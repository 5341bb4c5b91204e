using Broker.Tests.Hostile;

namespace Broker.Tests.Transports.Echo;

/// <summary>One node with the echo endpoint, for all tests of a class.</summary>
public sealed class EchoNode : IAsyncLifetime
{
    public const string Config = HostileNode.Open + """
        broker { echo.enabled = on
          origins.allow = ["https://good.example"]
          limits.connections-per-address = 100000 }

        """;

    internal HostileNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await HostileNode.StartAsync(Config);

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
