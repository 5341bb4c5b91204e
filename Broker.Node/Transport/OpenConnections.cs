using System.Numerics;

namespace Broker.Node.Transport;

/// <summary>
/// The WebSocket connections of a node, and what they keep each for itself alone, against the node's bound: past it, those that
/// keep most are shed. Otherwise a crowd that was let in while there was room takes all memory when each begins a large message,
/// or stops to read. Thread-safe; one lock, held for a step of a set, or for a walk through it past the bound.
/// </summary>
/// <param name="bound">Bytes.</param>
internal sealed class OpenConnections(long bound)
{
    private readonly Lock _gate = new();
    private readonly HashSet<ClientConnection> _all = [];
    private long _held;
    private int _relieving;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>Bytes kept for single connections.</summary>
    public long Held => Volatile.Read(ref _held);

    public void Add(ClientConnection connection)
    {
        lock (_gate)
        {
            _all.Add(connection);
        }
    }

    public void Remove(ClientConnection connection)
    {
        lock (_gate)
        {
            _all.Remove(connection);
        }
    }

    /// <summary>So many bytes more are kept, or less.</summary>
    public void Hold(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) > bound && bytes > 0 && Interlocked.Exchange(ref _relieving, 1) == 0)
        {
            // A sixteenth more than needed, so that not every byte from here on has all connections looked at.
            Relieve(Held - bound + (bound / 16));
            Volatile.Write(ref _relieving, 0);
        }
    }

    /// <summary>Sheds those that hold most, until they held so many bytes together.</summary>
    private void Relieve(long bytes)
    {
        foreach (var (connection, held) in Largest(bytes).OrderByDescending(static one => one.Held))
        {
            if (bytes <= 0)
            {
                break;
            }

            bytes -= held;
            connection.Shed();
        }
    }

    /// <summary>Those that hold so many bytes together, some more of the same size, and none that holds half as much.</summary>
    private List<(ClientConnection Connection, long Held)> Largest(long bytes)
    {
        List<(ClientConnection, long)> largest = [];
        Span<long> sums = stackalloc long[64];
        sums.Clear();
        lock (_gate)
        {
            foreach (var connection in _all)
            {
                var held = connection.Held;
                sums[BitOperations.Log2((ulong)held)] += held;
            }

            var least = 63;
            for (var sum = sums[least]; sum < bytes && least > 0; sum += sums[least])
            {
                least--;
            }

            foreach (var connection in _all)
            {
                var held = connection.Held;
                if (held > 0 && BitOperations.Log2((ulong)held) >= least)
                {
                    largest.Add((connection, held));
                }
            }
        }

        return largest;
    }
}
