namespace Broker.Node.Delivery;

/// <summary>
/// A run of whole log entries in one array. Its log's owner appends; any thread may read what lies below
/// <see cref="Head"/>, which never changes again. Segments are linked forwards only, so the garbage collector frees one as
/// soon as no cursor points to it or to an earlier one.
/// </summary>
internal sealed class LogSegment(int capacity, long start)
{
    private LogEntry[] _entries = [];
    private int _entryCount;
    private int _head;
    private LogSegment? _next;

    public byte[] Bytes { get; } = capacity == 0 ? [] : new byte[capacity];

    /// <summary>Log position of the first byte.</summary>
    public long Start { get; } = start;

    /// <summary>Bytes that may be read; always the end of an entry.</summary>
    public int Head => Volatile.Read(ref _head);

    /// <summary>The following segment; once set, <see cref="Head"/> is final.</summary>
    public LogSegment? Next => Volatile.Read(ref _next);

    /// <summary>Whether any entry must not reach its own publisher.</summary>
    public bool HasOrigins { get; private set; }

    /// <summary>Whether any entry is a <c>gap</c>. Read it after <see cref="Head"/>: then it holds for all entries below.</summary>
    public bool HasGaps { get; private set; }

    /// <summary>
    /// Made for cursors that jump, in place of what they skip. Its positions are those right before the segment that follows,
    /// and its bytes are not the log's at these positions.
    /// </summary>
    public bool IsLanding { get; init; }

    public int Free => Bytes.Length - _head;

    /// <summary>Index of the entry that starts at <paramref name="offset"/>, in time logarithmic in the number of entries.</summary>
    public int IndexOf(int offset)
    {
        int low = 0, high = Volatile.Read(ref _entryCount) - 1;
        var entries = Volatile.Read(ref _entries);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (entries[middle].Start < offset)
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

    /// <summary>The end of the entry at <paramref name="index"/>, and whom it must not reach (0: nobody).</summary>
    public (int End, long Origin) Entry(int index, int head)
    {
        var count = Volatile.Read(ref _entryCount);
        var entries = Volatile.Read(ref _entries);
        var end = index + 1 < count ? entries[index + 1].Start : head;
        return (Math.Min(end, head), entries[index].Origin);
    }

    /// <summary>Where the last entry below <paramref name="head"/> starts; there must be one.</summary>
    public int LastStart(int head)
    {
        var index = Volatile.Read(ref _entryCount) - 1;
        var entries = Volatile.Read(ref _entries);
        while (entries[index].Start >= head)
        {
            index--;
        }

        return entries[index].Start;
    }

    /// <summary>Owner only: writes the entry and publishes it. The index is complete before the head shows the entry.</summary>
    public void Append(ReadOnlySpan<byte> entry, long origin, bool isGap = false)
    {
        entry.CopyTo(Bytes.AsSpan(_head));
        if (_entryCount == _entries.Length)
        {
            var larger = new LogEntry[Math.Max(4, _entryCount * 2)];
            _entries.CopyTo(larger, 0);
            Volatile.Write(ref _entries, larger);
        }

        _entries[_entryCount] = new LogEntry(_head, origin);
        Volatile.Write(ref _entryCount, _entryCount + 1);
        HasOrigins |= origin != 0;
        HasGaps |= isGap;
        Volatile.Write(ref _head, _head + entry.Length);
    }

    /// <summary>Owner only: nothing is appended here any more.</summary>
    public void Seal(LogSegment next) => Volatile.Write(ref _next, next);

    /// <summary>Where an entry starts and the connection it must not reach (0: none); its WebSocket header tells its own length.</summary>
    private readonly record struct LogEntry(int Start, long Origin);
}
