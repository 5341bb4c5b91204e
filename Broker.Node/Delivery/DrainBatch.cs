namespace Broker.Node.Delivery;

/// <summary>
/// The writers that one lane took during a batch, each drained once at its end; a big fan-out in slices, so that the cores
/// share it. Single-threaded: its lane only.
/// </summary>
/// <remarks>
/// A client that has several topics going gets pushes of several lanes in the same moment. So that they go out in one write, a
/// lane leaves its writers to the lanes that are about to flush. It leaves them first and then looks again whether one is; that
/// one said that it begins before it looks what was left. So somebody drains them; and soon, for no lane leaves it to others
/// again before somebody has drained.
/// </remarks>
internal sealed class DrainBatch(FanOutPool pool)
{
    private ConnectionWriter[] _writers = new ConnectionWriter[FanOutPool.Slice];
    private int _count;
    private long _leftAt = -1;

    /// <summary>Takes the writer if it is free. Call after its work has been made visible.</summary>
    public void Add(ConnectionWriter writer)
    {
        if (!writer.TryTake())
        {
            return;
        }

        if (_count == FanOutPool.Slice)
        {
            pool.Post(_writers, _count);
            _writers = pool.RentSlice();
            _count = 0;
        }

        _writers[_count++] = writer;
    }

    /// <param name="othersFollow">Whether another lane is certain to flush after this; null: none is waited for.</param>
    public void Flush(Func<bool>? othersFollow = null)
    {
        if (othersFollow is not null && _leftAt != pool.Drains && othersFollow() && pool.TryLeave(_writers, _count, out var drains))
        {
            (_count, _leftAt) = (0, drains);
            Interlocked.MemoryBarrier();
            if (othersFollow())
            {
                return;
            }
        }

        pool.DrainLeft();
        (var count, _count) = (_count, 0);
        FanOutPool.Drain(_writers.AsSpan(0, count));
    }
}
