namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.listen</c>: the public port.</summary>
public sealed record ListenOptions
{
    /// <summary>IP address to listen on.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port, 0-65535; 0 lets the system choose.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Request paths that take WebSocket upgrades.</summary>
    public IReadOnlyList<string> Paths { get; init; } = ["/ws"];

    public TlsOptions Tls { get; init; } = new();

    public ProxyOptions Proxy { get; init; } = new();
}
