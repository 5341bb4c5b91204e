namespace Broker.Rooms.Hosting;

/// <summary>
/// Outputs on their way out, in order. An answer waits until a snapshot is kept that was taken after it, and what comes behind waits with it, so
/// that nobody is told anything that a crash could take back. Snapshots are counted 1, 2, 3, …
/// </summary>
internal sealed class OutputQueue
{
    private readonly IRoomOutput _output;
    private readonly List<Item> _items = [];
    private long _taken;
    private long _saved;

    public OutputQueue(IRoomOutput output) => _output = output;

    /// <summary>Of what waits.</summary>
    public int Bytes { get; private set; }

    public int Count => _items.Count;

    /// <summary>Something waits for a snapshot that nobody has taken yet.</summary>
    public bool NeedsSnapshot { get; private set; }

    public bool IsFull => Bytes > RoomLimits.HeldBytes;

    /// <summary>The request is answered by what was added after the first <paramref name="count"/>.</summary>
    public bool HasAnswer(RequestId request, int count) => _items.FindIndex(count, item => item.Output.Request == request) >= 0;

    /// <param name="waits">For a snapshot.</param>
    public void Add(RoomOutput output, bool waits = false)
    {
        _items.Add(new Item(output, _taken, waits));
        Bytes += output.Weight;
        NeedsSnapshot |= waits;
    }

    /// <summary>Puts out what waits for nothing.</summary>
    public void Flush()
    {
        var end = _items.FindIndex(item => item.Waits && item.Taken >= _saved);
        Put(end < 0 ? _items.Count : end);
    }

    /// <summary>Puts out everything: there will be no snapshot.</summary>
    public void FlushAll()
    {
        Put(_items.Count);
        NeedsSnapshot = false;
    }

    /// <returns>The snapshot's number.</returns>
    public long OnTaken()
    {
        NeedsSnapshot = false;
        return ++_taken;
    }

    public void OnSaved(long number) => _saved = Math.Max(_saved, Math.Min(number, _taken));

    /// <summary>Takes back what was added last.</summary>
    public void Truncate(int count)
    {
        for (var index = _items.Count - 1; index >= count; index--)
        {
            Bytes -= _items[index].Output.Weight;
        }

        _items.RemoveRange(count, _items.Count - count);
    }

    /// <summary>The room goes back to the state of the last snapshot: what followed from a later one is taken back, and refused to who asked for it.</summary>
    public void RollBack()
    {
        var all = _items.ToArray();
        Truncate(0);
        foreach (var item in all)
        {
            var isUndone = item.Taken == _taken && item.Output.IsOfState;
            if (!isUndone)
            {
                _items.Add(item);
                Bytes += item.Output.Weight;
            }
            else if (!item.Output.Request.IsNone)
            {
                Add(new RequestRefused(RoomError.Unavailable) { Request = item.Output.Request });
            }
        }

        NeedsSnapshot = _items.Exists(item => item.Waits && item.Taken == _taken);
    }

    private void Put(int count)
    {
        for (var index = 0; index < count; index++)
        {
            var output = _items[index].Output;
            Bytes -= output.Weight;
            _output.Write(output);
        }

        _items.RemoveRange(0, count);
    }

    /// <param name="Taken">Snapshots that had been taken when it came.</param>
    private readonly record struct Item(RoomOutput Output, long Taken, bool Waits);
}
