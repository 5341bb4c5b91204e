using System.Collections.Concurrent;
using Broker.Node.Transport;

namespace Broker.Node.Topics;

/// <summary>
/// Threads of their own that drain slices of writers, so that a fan-out to thousands uses every core without a queue on
/// the thread pool (which would starve cluster heartbeats). Thread-safe.
/// </summary>
internal sealed class FanOutPool : IDisposable
{
    private const int Slice = 128;

    private readonly BlockingCollection<(ConnectionWriter[] Writers, int Count)> _work = new(new ConcurrentQueue<(ConnectionWriter[], int)>());
    private readonly ConcurrentBag<ConnectionWriter[]> _free = [];

    public FanOutPool(int threads)
    {
        for (var i = 0; i < threads; i++)
        {
            new Thread(Run) { IsBackground = true, Name = $"fan-out-{i}" }.Start();
        }
    }

    public ConnectionWriter[] RentSlice() => _free.TryTake(out var slice) ? slice : new ConnectionWriter[Slice];

    /// <summary>Drains the writers on another thread; the array is the pool's from now on.</summary>
    public void Post(ConnectionWriter[] writers, int count) => _work.Add((writers, count));

    public void Dispose() => _work.CompleteAdding();

    public static void Drain(ConnectionWriter[] writers, int count)
    {
        for (var i = 0; i < count; i++)
        {
            writers[i].Drain();
            writers[i] = null!;
        }
    }

    private void Run()
    {
        foreach (var (writers, count) in _work.GetConsumingEnumerable())
        {
            Drain(writers, count);
            _free.Add(writers);
        }
    }
}
