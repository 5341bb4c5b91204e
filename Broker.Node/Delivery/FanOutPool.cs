using System.Collections.Concurrent;

namespace Broker.Node.Delivery;

/// <summary>
/// Threads of their own that drain slices of writers, so that a fan-out to thousands uses every core without a queue on
/// the thread pool (which would starve cluster heartbeats). Thread-safe.
/// </summary>
/// <remarks>
/// Threads wait on a monitor, which does not spin: spinning took a twentieth of the processor time of small fan-outs. The
/// lock covers the queue, never a drain.
/// </remarks>
internal sealed class FanOutPool : IDisposable
{
    public const int Slice = 128;

    private readonly object _gate = new();
    private readonly Queue<(ConnectionWriter[] Writers, int Count)> _work = new();
    private readonly ConcurrentBag<ConnectionWriter[]> _free = [];
    private readonly Lock _leftGate = new();
    private ConnectionWriter[] _left = new ConnectionWriter[Slice];
    private int _leftCount;
    private long _drains;
    private int _idle;
    private bool _disposed;

    public FanOutPool(int threads)
    {
        for (var i = 0; i < threads; i++)
        {
            new Thread(Run) { IsBackground = true, Name = $"fan-out-{i}" }.Start();
        }
    }

    /// <summary>One core is the lane's own, which drains the last slice itself.</summary>
    public static int DefaultThreads => Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Times that what had been left was drained.</summary>
    public long Drains => Volatile.Read(ref _drains);

    public ConnectionWriter[] RentSlice() => _free.TryTake(out var slice) ? slice : new ConnectionWriter[Slice];

    /// <summary>Drains the writers on another thread; the array is the pool's from now on.</summary>
    public void Post(ConnectionWriter[] writers, int count)
    {
        lock (_gate)
        {
            _work.Enqueue((writers, count));
            if (_idle > 0)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Takes the writers for whoever calls <see cref="DrainLeft"/> next, and forgets them in the array.</summary>
    /// <param name="writers">Taken by the caller.</param>
    /// <param name="count">How many; if none, others are waited for that have been left.</param>
    /// <param name="drains"><see cref="Drains"/>, which will be more when they have been drained.</param>
    /// <returns>False: they are too many, or nothing is left to anybody.</returns>
    public bool TryLeave(ConnectionWriter[] writers, int count, out long drains)
    {
        lock (_leftGate)
        {
            drains = _drains;
            if (_leftCount + count is 0 or > Slice)
            {
                return false;
            }

            Array.Copy(writers, 0, _left, _leftCount, count);
            Volatile.Write(ref _leftCount, _leftCount + count);
        }

        Array.Clear(writers, 0, count);
        return true;
    }

    /// <summary>Drains what has been left.</summary>
    public void DrainLeft()
    {
        if (Volatile.Read(ref _leftCount) == 0)
        {
            return;
        }

        var writers = RentSlice();
        int count;
        lock (_leftGate)
        {
            (writers, _left) = (_left, writers);
            count = _leftCount;
            Volatile.Write(ref _drains, _drains + 1);
            Volatile.Write(ref _leftCount, 0);
        }

        Drain(writers.AsSpan(0, count));
        _free.Add(writers);
    }

    /// <summary>What was posted is still drained.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Drains the writers and forgets them; none of them throws.</summary>
    public static void Drain(Span<ConnectionWriter> writers)
    {
        foreach (ref var writer in writers)
        {
            writer.Drain();
            writer = null!;
        }
    }

    private void Run()
    {
        while (TryTake(out var work))
        {
            Drain(work.Writers.AsSpan(0, work.Count));
            _free.Add(work.Writers);
        }
    }

    private bool TryTake(out (ConnectionWriter[] Writers, int Count) work)
    {
        lock (_gate)
        {
            while (!_work.TryDequeue(out work))
            {
                if (_disposed)
                {
                    return false;
                }

                _idle++;
                Monitor.Wait(_gate);
                _idle--;
            }

            return true;
        }
    }
}
