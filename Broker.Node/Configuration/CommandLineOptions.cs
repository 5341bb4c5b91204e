namespace Broker.Node.Configuration;

/// <summary>Flags of a start; null and empty where none was given.</summary>
internal sealed record CommandLineOptions
{
    /// <summary>Path of the configuration file; null: the built-in <c>broker.conf</c>.</summary>
    public string? Config { get; init; }

    public int? Port { get; init; }

    public int? ClusterPort { get; init; }

    public int? OpsPort { get; init; }

    /// <summary>Seed nodes, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>Listens on all addresses and lets anonymous connections do everything; a single node.</summary>
    public bool Dev { get; init; }
}
