namespace Broker.Node.Listening;

/// <summary>The garbage collector's numbers. Its limit is the container's where there is one, or <c>DOTNET_GCHeapHardLimit</c>.</summary>
internal sealed class GcMemoryProbe : IMemoryProbe
{
    public MemoryState Read()
    {
        var last = GC.GetGCMemoryInfo(GCKind.Any);

        // Free space between objects is part of the heap's size and takes the next allocations.
        return new MemoryState(last.HeapSizeBytes - last.FragmentedBytes, GC.GetTotalMemory(forceFullCollection: false), last.TotalAvailableMemoryBytes);
    }

    public void CollectYoung() => GC.Collect(1, GCCollectionMode.Forced, blocking: true);

    public void CollectAll() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
}
