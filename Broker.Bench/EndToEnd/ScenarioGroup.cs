namespace Broker.Bench.EndToEnd;

/// <summary>Scenarios that one set of tables shows.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Metrics">A table each.</param>
/// <param name="Scenarios">The rows.</param>
internal sealed record ScenarioGroup(string Title, IReadOnlyList<Metric> Metrics, IReadOnlyList<Scenario> Scenarios)
{
    /// <summary>Names of the peers that run unless others are asked for.</summary>
    public IReadOnlyList<string> Peers { get; init; } = EndToEnd.Peers.Products;
}
