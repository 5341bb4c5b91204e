namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.ops</c>: the operations port (health).</summary>
public sealed record OpsOptions
{
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port; null: the public port + 1000 (0 when the public port is 0).</summary>
    public int? Port { get; init; }
}
