namespace Broker.Tests.Support;

/// <summary>Bytes of the managed heap that the calling thread allocates.</summary>
internal static class ThreadAllocation
{
    /// <summary>The least that any of some runs allocated.</summary>
    /// <remarks>
    /// The runtime counts what it gives a thread to allocate from less what is left of it, and what is left is given up where a collection
    /// falls in between: a run that allocates nothing then shows up to 8 KiB, never less than it allocated.
    /// </remarks>
    public static long Least(Action action, int runs = 10)
    {
        var least = long.MaxValue;
        for (var i = 0; i < runs; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
