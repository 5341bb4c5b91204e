using Akka.Actor;

namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.cluster</c>: remoting and formation.</summary>
public sealed record ClusterOptions
{
    /// <summary>Name of a node's own actor system; part of every node's address.</summary>
    public const string SystemName = "broker";

    /// <summary>IP address or host name other nodes reach this node by.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Remoting port; 0 lets the system choose.</summary>
    public int Port { get; init; }

    /// <summary>Seed nodes as <c>host:port</c>; empty, or only this node: a single node that joins itself.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>Seeds that must be members before a cluster founded anew serves; null: a majority of three or more, of two both or the one that runs.</summary>
    public int? RequiredSeeds { get; init; }

    /// <summary>Who goes on when nodes cannot reach each other.</summary>
    public DowningMode Downing { get; init; }

    /// <summary>Nodes that have a message of a sequenced topic before anybody gets it, where there are as many.</summary>
    public int Copies { get; init; } = 2;

    public TlsOptions Tls { get; init; } = new();

    /// <summary>Allows remoting beyond loopback without mutual TLS.</summary>
    public bool Insecure { get; init; }

    /// <summary>The seeds as addresses of actor systems of this name, each once.</summary>
    internal IEnumerable<Address> SeedAddresses(string system) =>
        Seeds.Select(NodeAddress.TryParse).OfType<NodeAddress>().Distinct().Select(seed => Address.Parse($"{Scheme}://{system}@{seed}"));

    /// <summary>Seeds other than this node.</summary>
    internal bool HasOtherSeeds => Seeds.Select(NodeAddress.TryParse).Any(seed => seed is not null && seed != new NodeAddress(Host, Port));

    /// <summary>The address scheme of nodes.</summary>
    internal string Scheme => Tls.Enabled ? "akka.ssl.tcp" : "akka.tcp";
}

/// <summary><c>broker.cluster.downing</c>: who goes on when nodes cannot reach each other.</summary>
public enum DowningMode
{
    /// <summary>The larger part; of two equal ones that with the lowest address.</summary>
    Majority,

    /// <summary>As <see cref="Majority"/> from three members on; of two whoever still runs, which after a cut may be both.</summary>
    Survivor,
}
