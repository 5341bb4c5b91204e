namespace Broker.Node.Configuration;

/// <summary><c>broker.memory</c>: what a node keeps at most.</summary>
public sealed record MemoryOptions
{
    /// <summary>Bytes of messages kept for subscribers that lag; null: a quarter of the process's memory limit.</summary>
    public long? Logs { get; init; }

    /// <summary><see cref="Logs"/> on this machine: the limit is the container's, else the machine's memory.</summary>
    internal long LogBytes => Logs ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
}
