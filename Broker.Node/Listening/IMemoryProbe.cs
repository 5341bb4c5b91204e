namespace Broker.Node.Listening;

/// <summary>What <see cref="MemoryGuard"/> knows of the process's memory. Thread-safe.</summary>
internal interface IMemoryProbe
{
    MemoryState Read();

    /// <summary>Collects what is young, and waits for it: some milliseconds.</summary>
    void CollectYoung();

    /// <summary>Has all garbage collected in the background.</summary>
    void CollectAll();
}
