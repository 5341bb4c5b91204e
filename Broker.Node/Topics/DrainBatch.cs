using Broker.Node.Transport;

namespace Broker.Node.Topics;

/// <summary>
/// The writers that one lane took during a batch, each drained once at its end; a big fan-out in slices, so that the cores
/// share it. Single-threaded: its lane only.
/// </summary>
internal sealed class DrainBatch(FanOutPool pool)
{
    private ConnectionWriter[] _writers = new ConnectionWriter[FanOutPool.Slice];
    private int _count;

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

    public void Flush()
    {
        FanOutPool.Drain(_writers, _count);
        _count = 0;
    }
}
