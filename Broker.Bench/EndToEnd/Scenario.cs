namespace Broker.Bench.EndToEnd;

/// <summary>One row of a table.</summary>
/// <param name="Name">What <c>--scenario</c> takes.</param>
/// <param name="Description">For the table.</param>
/// <param name="Load">What the clients do.</param>
internal sealed record Scenario(string Name, string Description, Load Load)
{
    /// <summary>Nodes of the server.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>
    /// Plain subscribers take turns over all nodes. Otherwise they are on the second node, or where there is one on that;
    /// publishers are on the first always.
    /// </summary>
    public bool Spread { get; init; }

    public bool Tls { get; init; }

    /// <summary>What other clients do at the same time, unmeasured.</summary>
    public Load? Beside { get; init; }

    /// <summary>They do it on servers of their own: what is left is what the machine does to both.</summary>
    public bool BesideElsewhere { get; init; }

    /// <summary>What the broker is to reach, by metric, as the table shows it.</summary>
    public IReadOnlyDictionary<Metric, string> Goals { get; init; } = new Dictionary<Metric, string>();

    /// <summary>The same shape with at most this many connections.</summary>
    public Scenario ScaledTo(int connections) => this with { Load = Load.ScaledTo(connections), Beside = Beside?.ScaledTo(connections) };

    /// <summary>The addresses the load generator is given, from those of the nodes.</summary>
    public IReadOnlyList<string> Urls(IReadOnlyList<string> nodes) =>
        nodes.Count == 1 ? [nodes[0]]
        : Spread ? [nodes[0], .. nodes]
        : [nodes[0], nodes[1]];
}
