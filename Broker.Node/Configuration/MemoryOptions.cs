namespace Broker.Node.Configuration;

/// <summary><c>broker.memory</c>: what happens before the memory of the process runs out.</summary>
public sealed record MemoryOptions
{
    /// <summary>Percent of the memory limit that live objects may take before new connections are refused.</summary>
    public int Shed { get; init; } = 85;
}
