namespace Broker.Rooms.Hosting;

/// <summary>Asynchronous work of a room: what runs, and what has ended but the room was not told of.</summary>
internal sealed class WorkTable
{
    private readonly IRoomOutput _output;
    private readonly SortedDictionary<long, string> _running = [];
    private readonly Queue<(long Id, WorkResult Result)> _ended = [];
    private CancellationToken _cancellation;
    private Action? _cancel;
    private long _lastId;

    public WorkTable(IRoomOutput output) => _output = output;

    /// <summary>Of which the room was not told that it has ended.</summary>
    public int Count => _running.Count;

    public IEnumerable<string> Names => _running.Values;

    public void Start(IReadOnlyList<(string Name, Func<CancellationToken, Task<RoomData>> Run)> begun)
    {
        if (begun.Count > 0 && _cancel is null)
        {
            // Without a timer or a wait handle it holds nothing to dispose of.
            var source = new CancellationTokenSource();
            (_cancellation, _cancel) = (source.Token, source.Cancel);
        }

        foreach (var (name, run) in begun)
        {
            _running.Add(++_lastId, name);
            _output.Start(new RoomWork(_lastId, name, run, _cancellation));
        }
    }

    public void End(long id, WorkResult result)
    {
        if (_running.ContainsKey(id) && !_ended.Any(ended => ended.Id == id))
        {
            _ended.Enqueue((id, result));
        }
    }

    public bool TryTake(out string name, out WorkResult result)
    {
        if (!_ended.TryDequeue(out var ended))
        {
            (name, result) = ("", default);
            return false;
        }

        result = ended.Result;
        return _running.Remove(ended.Id, out name!);
    }

    /// <summary>Nobody waits for any of it any more.</summary>
    public void Clear()
    {
        _running.Clear();
        _ended.Clear();
        var cancel = _cancel;
        _cancel = null;
        try
        {
            cancel?.Invoke();
        }
        catch (AggregateException)
        {
            // Of code of the room that waits for the cancellation; nobody is left to be told.
        }
    }
}
