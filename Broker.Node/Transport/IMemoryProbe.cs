namespace Broker.Node.Transport;

/// <summary>What <see cref="MemoryGuard"/> knows of the process's memory. Thread-safe, does not block.</summary>
internal interface IMemoryProbe
{
    /// <summary>Bytes that the last collection left alive, and how many the runtime may use; nothing before the first collection.</summary>
    MemoryState Read();

    /// <summary>Has all garbage collected in the background.</summary>
    void Collect();
}
