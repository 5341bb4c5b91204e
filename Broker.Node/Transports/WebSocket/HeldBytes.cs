using Broker.Node.Delivery;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// Bytes that are kept for one connection alone, each kind in <see cref="HeldSteps"/>: for a message whose end has not come, for
/// messages not taken yet, for replies and for a chunk that wait to be written. Counted towards all <see cref="OpenConnections"/>;
/// nothing is any more once the connection is shed or has ended. Safe from any thread; a field of its connection.
/// </summary>
internal struct HeldBytes
{
    /// <summary>So far below zero that nothing which is still added or taken brings it near.</summary>
    private const long Released = long.MinValue / 2;

    private long _bytes;
    private int _kept;
    private bool _shed;

    public long Count => Math.Max(0, Volatile.Read(ref _bytes));

    /// <summary>There was no room for what it holds.</summary>
    public bool IsShed => Volatile.Read(ref _shed);

    public void Add(int bytes, OpenConnections open)
    {
        if (bytes != 0 && Interlocked.Add(ref _bytes, bytes) > Released / 2)
        {
            open.Hold(bytes);
        }
    }

    /// <summary>By the framing stage: an unfinished message takes so much now.</summary>
    public void Keep(int bytes, OpenConnections open)
    {
        var before = _kept;
        _kept = bytes;
        Add(HeldSteps.Between(before, bytes), open);
    }

    public void Shed(OpenConnections open)
    {
        Release(open);
        Volatile.Write(ref _shed, true);
    }

    /// <summary>From now on nothing is counted for it.</summary>
    public void Release(OpenConnections open)
    {
        var held = Interlocked.Exchange(ref _bytes, Released);
        if (held > Released / 2)
        {
            open.Hold(-held);
        }
    }
}
