namespace Broker.Node.Configuration;

/// <summary><c>broker.cluster</c>: remoting and formation.</summary>
public sealed record ClusterOptions
{
    /// <summary>IP address or host name other nodes reach this node by.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Remoting port; 0 lets the system choose.</summary>
    public int Port { get; init; }

    /// <summary>Seed nodes as <c>host:port</c>; empty: a single node that joins itself.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    public TlsOptions Tls { get; init; } = new();

    /// <summary>Allows remoting beyond loopback without mutual TLS.</summary>
    public bool Insecure { get; init; }
}
