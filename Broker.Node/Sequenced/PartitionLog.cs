namespace Broker.Node.Sequenced;

/// <summary>
/// Entries of a partition in their order, with what follows from them: the offset of each topic, and the highest number taken of each
/// origin. Whatever lane has the same entries has the same of both. Not thread-safe.
/// </summary>
internal sealed class PartitionLog
{
    private readonly List<PartitionEntry> _entries = [];
    private readonly Dictionary<string, long> _offsets = new(StringComparer.Ordinal);
    private readonly Dictionary<LaneId, long> _taken = [];
    private readonly List<LogSection> _sections = [];

    /// <summary>Random, and another one whenever entries may have been lost; 0: the log is of no partition's life yet.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>The sequence before its first entry; above 0: it follows live, without what was before.</summary>
    public long Start { get; private set; }

    /// <summary>That of its last entry.</summary>
    public long End => Start + _entries.Count;

    /// <summary>Which generations its entries are of, in order.</summary>
    public IReadOnlyList<LogSection> Sections => [.. _sections];

    /// <summary>Up to where two logs of one epoch, both from the beginning, have the same entries.</summary>
    public static long Common(IReadOnlyList<LogSection> one, IReadOnlyList<LogSection> other)
    {
        var common = 0L;
        foreach (var (mine, theirs) in one.Zip(other).TakeWhile(static pair => pair.First.Generation == pair.Second.Generation))
        {
            common = Math.Min(mine.End, theirs.End);
            if (mine.End != theirs.End)
            {
                break;
            }
        }

        return common;
    }

    /// <summary>Begins again, before the entry behind <paramref name="start"/>.</summary>
    public void Reset(ulong epoch, long start)
    {
        (Epoch, Start) = (epoch, start);
        _entries.Clear();
        _offsets.Clear();
        _taken.Clear();
        _sections.Clear();
    }

    /// <summary>Makes the next entry of a publish; a log from the beginning only.</summary>
    public PartitionEntry Append(Generation generation, Forward forward)
    {
        var offset = forward.Topic is { } topic ? _offsets.GetValueOrDefault(topic) + 1 : 0;
        var entry = new PartitionEntry(End + 1, generation, offset, forward);
        Append(entry);
        return entry;
    }

    /// <exception cref="ArgumentOutOfRangeException">It is not the next one.</exception>
    public void Append(PartitionEntry entry)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(entry.Sequence, End + 1);
        _entries.Add(entry);
        _taken[entry.Forward.Origin] = entry.Forward.Number;
        if (entry.Forward.Topic is { } topic)
        {
            _offsets[topic] = entry.Offset;
        }

        if (_sections.Count > 0 && _sections[^1].Generation == entry.Generation)
        {
            _sections.RemoveAt(_sections.Count - 1);
        }

        _sections.Add(new LogSection(entry.Generation, entry.Sequence));
    }

    public PartitionLog Clone()
    {
        var clone = new PartitionLog { Epoch = Epoch, Start = Start };
        clone._entries.AddRange(_entries);
        foreach (var (topic, offset) in _offsets)
        {
            clone._offsets.Add(topic, offset);
        }

        foreach (var (origin, number) in _taken)
        {
            clone._taken.Add(origin, number);
        }

        clone._sections.AddRange(_sections);
        return clone;
    }

    /// <summary>Drops what is behind <paramref name="end"/>.</summary>
    public void Truncate(long end)
    {
        while (End > Math.Max(end, Start))
        {
            var entry = _entries[^1];
            _entries.RemoveAt(_entries.Count - 1);
            _taken[entry.Forward.Origin] = entry.Forward.Number - 1;
            if (entry.Forward.Topic is { } topic)
            {
                _offsets[topic] = entry.Offset - 1;
            }

            _sections.RemoveAt(_sections.Count - 1);
            if (_entries.Count > 0 && _entries[^1].Generation == entry.Generation)
            {
                _sections.Add(new LogSection(entry.Generation, End));
            }
        }
    }

    public bool Has(long sequence) => sequence > Start && sequence <= End;

    public PartitionEntry this[long sequence] => _entries[(int)(sequence - Start - 1)];

    /// <summary>At most <paramref name="count"/> entries behind <paramref name="sequence"/>; of a log that begins later, none.</summary>
    public IReadOnlyList<PartitionEntry> After(long sequence, int count) =>
        sequence < Start ? [] : _entries.GetRange((int)Math.Min(sequence - Start, _entries.Count), (int)Math.Clamp(End - sequence, 0, count));

    /// <summary>The highest number taken of an origin; null: none in this log.</summary>
    public long? Taken(LaneId origin) => _taken.TryGetValue(origin, out var number) ? number : null;

    /// <summary>Entries of an origin from a number on.</summary>
    public IEnumerable<PartitionEntry> Of(LaneId origin, long first) =>
        _entries.Where(entry => entry.Forward.Origin == origin && entry.Forward.Number >= first);
}
