using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>One node that compresses, shows senders below <c>named.</c>, and takes tokens.</summary>
public sealed class FormatNode : IAsyncLifetime
{
    public const string Config = HostileNode.Open + $$"""
        broker.deflate.enabled = on
        broker.auth.keys = [{ algorithm = HS256
          secret = "{{TokenForge.Secret}}" }]
        broker.topics = [{ match = "named.>"
          sender = on }]
        """;

    internal HostileNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await HostileNode.StartAsync(Config);

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
