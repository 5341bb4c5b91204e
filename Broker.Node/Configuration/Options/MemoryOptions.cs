namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.memory</c>: what a node keeps at most, and what happens before the memory of the process runs out.</summary>
public sealed record MemoryOptions
{
    /// <summary>Percent of the memory limit that live objects may take before new connections are refused.</summary>
    public int Shed { get; init; } = 85;

    /// <summary>Bytes of messages kept for subscribers that lag; null: a quarter of the process's memory limit.</summary>
    public long? Logs { get; init; }

    /// <summary>Bytes that connections keep each for itself alone; null: a quarter of the process's memory limit.</summary>
    public long? Connections { get; init; }

    /// <summary>Bytes of the histories of all topics on the node.</summary>
    public long History { get; init; } = 256 * 1024 * 1024;

    /// <summary><see cref="Logs"/> on this machine: the limit is the container's, else the machine's memory.</summary>
    internal long LogBytes => Logs ?? Quarter;

    /// <summary><see cref="Connections"/> on this machine.</summary>
    internal long ConnectionBytes => Connections ?? Quarter;

    private static long Quarter => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
}
