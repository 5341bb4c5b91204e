namespace Broker.Node.Configuration;

/// <summary><c>broker.node</c>.</summary>
public sealed record NodeOptions
{
    /// <summary>Name shown to clients in <c>welcome.node</c>; empty: made from the cluster address and uid.</summary>
    public string Name { get; init; } = "";
}
