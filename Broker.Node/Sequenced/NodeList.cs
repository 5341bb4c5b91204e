namespace Broker.Node.Sequenced;

/// <summary>Nodes in the order of their sequence: added behind, taken from the front, and looked up. Not thread-safe.</summary>
/// <param name="isGone">Whether one is of no use any more; null: all are of use until they are taken.</param>
internal sealed class NodeList(Predicate<LogNode>? isGone = null)
{
    private const int SmallWaste = 64;

    private readonly List<LogNode> _nodes = [];
    private int _first;
    private int _gone;

    public int Count => _nodes.Count - _first;

    public LogNode? First => Count > 0 ? _nodes[_first] : null;

    public IEnumerable<LogNode> All => Skip(0);

    public void Add(LogNode node) => _nodes.Add(node);

    public void RemoveFirst()
    {
        _nodes[_first++] = null!;
        if (_first > SmallWaste && _first > _nodes.Count / 2)
        {
            _nodes.RemoveRange(0, _first);
            _first = 0;
        }
    }

    /// <summary>One more of them is gone: once those are more than half, they go.</summary>
    public void Gone()
    {
        if (++_gone > SmallWaste && _gone > Count / 2)
        {
            _nodes.RemoveRange(0, _first);
            _nodes.RemoveAll(isGone!);
            (_first, _gone) = (0, 0);
        }
    }

    public void Clear()
    {
        _nodes.Clear();
        (_first, _gone) = (0, 0);
    }

    /// <summary>All but so many of the first.</summary>
    public IEnumerable<LogNode> Skip(long count)
    {
        for (var i = _first + (int)Math.Clamp(count, 0, Count); i < _nodes.Count; i++)
        {
            yield return _nodes[i];
        }
    }

    /// <summary>So many of the first, or all, the last of them first.</summary>
    public IEnumerable<LogNode> Backwards(long count)
    {
        for (var i = _first + (int)Math.Clamp(count, 0, Count) - 1; i >= _first; i--)
        {
            yield return _nodes[i];
        }
    }

    /// <summary>Those behind a sequence.</summary>
    public IEnumerable<LogNode> After(long sequence) => Skip(IndexAfter(sequence) - _first);

    /// <summary>The node of a sequence; null: there is none.</summary>
    public LogNode? Find(long sequence)
    {
        var index = IndexAfter(sequence - 1);
        return index < _nodes.Count && _nodes[index].Sequence == sequence ? _nodes[index] : null;
    }

    private int IndexAfter(long sequence)
    {
        var (low, high) = (_first, _nodes.Count);
        if (Count > 0 && _nodes[^1].Sequence <= sequence)
        {
            return high;
        }

        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_nodes[middle].Sequence <= sequence)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
