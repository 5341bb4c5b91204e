namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.node</c>.</summary>
public sealed record NodeOptions
{
    /// <summary>Name shown to clients in <c>welcome.node</c>; empty: the uid of its cluster membership.</summary>
    public string Name { get; init; } = "";
}
