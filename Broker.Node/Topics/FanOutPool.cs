using System.Collections.Concurrent;
using Broker.Node.Transport;

namespace Broker.Node.Topics;

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

    /// <summary>Lanes that leave writers to each other, one after the other.</summary>
    private const int MostLeaves = 8;

    private readonly object _gate = new();
    private readonly Queue<(ConnectionWriter[] Writers, int Count)> _work = new();
    private readonly ConcurrentBag<ConnectionWriter[]> _free = [];
    private readonly Lock _leftGate = new();
    private ConnectionWriter[] _left = new ConnectionWriter[Slice];
    private int _leftCount;
    private int _leaves;
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

    /// <summary>Takes the writers for whoever calls <see cref="DrainLeft"/> next; forgets them in the array. False: they have waited long enough, or are too many.</summary>
    public bool TryLeave(ConnectionWriter[] writers, int count)
    {
        lock (_leftGate)
        {
            if (_leaves == MostLeaves || _leftCount + count > Slice)
            {
                return false;
            }

            _leaves++;
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
            _leaves = 0;
            Volatile.Write(ref _leftCount, 0);
        }

        Drain(writers, count);
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
        while (TryTake(out var work))
        {
            Drain(work.Writers, work.Count);
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
