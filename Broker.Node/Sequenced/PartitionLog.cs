using System.Diagnostics.CodeAnalysis;
using Broker.Node.Topics;

namespace Broker.Node.Sequenced;

/// <summary>
/// Entries of a partition in their order, with what follows from them: the state of each topic, and the highest number taken of each
/// origin. Whatever lane has the same entries has the same of both. Not thread-safe.
/// </summary>
/// <remarks>
/// An entry stays as long as something needs it: what is not committed and the newest of the rest stay whole, and so does what a history,
/// a kept value or a member needs; of the last one of a topic, an origin and a generation a stub stays. So a log from the beginning has
/// holes, and who takes it over by its entries has the same state. What takes something away (<see cref="PartitionEntry.IsRemoval"/>) is
/// given up at last as well: who may not know of it takes the log from the beginning (<see cref="Floor"/>).
/// </remarks>
/// <param name="topics">Settings of topics.</param>
/// <param name="budget">What the node has of them.</param>
internal sealed class PartitionLog(TopicSettings topics, HistoryBudget budget) : INodeOwner
{
    /// <summary>Bytes of committed entries that stay whole for those who are a little behind.</summary>
    private const int WindowBytes = 256 * 1024;

    /// <summary>Generations of which the last entry is known.</summary>
    private const int MaxSections = 16;

    private readonly NodeList _nodes = new(static node => node.Entry is null);
    private readonly Dictionary<byte[], TopicState> _topics = new(TopicKeyComparer.Instance);
    private readonly Dictionary<LaneId, LogNode> _taken = [];
    private readonly List<LogNode> _sections = [];
    private readonly Queue<LogNode> _window = new();
    private readonly Queue<(LogNode Node, long By)> _releases = new();
    private readonly Queue<(TopicState Topic, long By)> _ending = new();
    private readonly List<TopicState> _touched = [];
    private int _windowBytes;

    /// <summary>Random, and another one whenever entries may have been lost; 0: the log is of no partition's life yet.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>The sequence before its first entry; above 0: it follows live, without what was before and without what follows from that.</summary>
    public long Start { get; private set; }

    /// <summary>That of its last entry.</summary>
    public long End { get; private set; }

    /// <summary>Behind it every entry is here, and whole.</summary>
    public long Dense { get; private set; }

    /// <summary>The newest removal that was given up: a log that ends before it must begin anew.</summary>
    public long Floor { get; private set; }

    public IReadOnlyDictionary<byte[], TopicState> Topics => _topics;

    /// <summary>Which generations its entries are of, in order; the newest.</summary>
    public IReadOnlyList<LogSection> Sections => [.. _sections.Select(static node => new LogSection(node.Entry!.Generation, node.Sequence))];

    private bool IsWhole => Start == 0;

    /// <summary>Up to where two logs of one epoch, both from the beginning, have the same entries; -1: nothing says so.</summary>
    public static long Common(IReadOnlyList<LogSection> one, IReadOnlyList<LogSection> other)
    {
        if (one.Count == 0 || other.Count == 0)
        {
            return 0;
        }

        // What two logs share of a generation they share from the beginning.
        for (var i = one.Count - 1; i >= 0; i--)
        {
            foreach (var theirs in other)
            {
                if (one[i].Generation == theirs.Generation)
                {
                    return Math.Min(one[i].End, theirs.End);
                }
            }
        }

        return one.Count < MaxSections && other.Count < MaxSections ? 0 : -1;
    }

    /// <summary>Begins again, before the entry behind <paramref name="start"/>.</summary>
    public void Reset(ulong epoch, long start)
    {
        Clear();
        (Epoch, Start, End, Dense, Floor) = (epoch, start, start, start, 0);
    }

    /// <summary>The same entries, of another epoch.</summary>
    public void Renew(ulong epoch) => Epoch = epoch;

    /// <summary>Makes the next entry of a forward; a log from the beginning only.</summary>
    /// <param name="generation">The owner's.</param>
    /// <param name="forward">The next of its origin.</param>
    /// <param name="now">Milliseconds since the epoch.</param>
    public PartitionEntry Append(Generation generation, Forward forward, long now)
    {
        var topic = forward.Topic is { } name ? _topics.GetValueOrDefault(name) : null;
        var (outcome, offset) = forward.Topic is null ? (PublishOutcome.Taken, 0) : Judge(forward, topic, now);
        if (outcome == PublishOutcome.Taken && offset > 0)
        {
            forward = OffsetWriter.Write(forward, offset);
        }

        var entry = new PartitionEntry(End + 1, generation, offset, forward) { Outcome = outcome, Birth = topic?.Birth ?? End + 1 };
        Append(entry);
        return entry;
    }

    /// <exception cref="ArgumentOutOfRangeException">It is not behind all others.</exception>
    public void Append(PartitionEntry entry)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(entry.Sequence, End);
        if (entry.Sequence > End + 1 || entry.IsStub)
        {
            Dense = entry.IsStub ? entry.Sequence : entry.Sequence - 1;
        }

        End = entry.Sequence;
        var node = new LogNode(this, entry);
        _nodes.Add(node);
        node.HoldBody();
        _window.Enqueue(node);
        _windowBytes += entry.Forward.Weight;
        budget.Add(entry.Forward.Weight);
        if (IsWhole)
        {
            Apply(node);
        }
    }

    /// <summary>Gives up what nobody needs.</summary>
    /// <param name="commit">What is behind it stays, and so does what that replaces.</param>
    public void Settle(long commit)
    {
        var (count, bytes) = IsWhole ? (budget.Window, WindowBytes) : (0, 0);
        while (_window.TryPeek(out var oldest) && oldest.Sequence <= commit && (_window.Count > count || _windowBytes > bytes))
        {
            _window.Dequeue();
            _windowBytes -= oldest.Entry!.Forward.Weight;
            oldest.ReleaseBody();
        }

        while (_releases.TryPeek(out var release) && release.By <= commit)
        {
            _releases.Dequeue().Node.Release();
        }

        while (_ending.TryPeek(out var ending) && ending.By <= commit)
        {
            _ending.Dequeue().Topic.End();
        }

        foreach (var topic in _touched)
        {
            topic.Settle(commit, budget.MaxTopicBytes);
        }

        _touched.RemoveAll(topic => !(topic.IsTouched = topic.LastSequence > commit));
    }

    /// <summary>Gives up what is too old; now and then.</summary>
    public void Sweep(long commit, long now)
    {
        foreach (var topic in _topics.Values)
        {
            topic.Sweep(commit, now);
        }
    }

    /// <summary>An origin that is gone for good.</summary>
    public void Forget(LaneId origin)
    {
        if (_taken.Remove(origin, out var node))
        {
            node.Release();
        }
    }

    public PartitionLog Clone()
    {
        var clone = new PartitionLog(topics, budget);
        clone.Reset(Epoch, Start);
        clone.Fill(Entries(), Dense, Floor, End);
        return clone;
    }

    /// <summary>Drops what is behind <paramref name="end"/>, which nobody knows to be committed.</summary>
    public void Truncate(long end)
    {
        end = Math.Max(end, Start);
        if (End > end)
        {
            var rest = Entries().Where(entry => entry.Sequence <= end).ToList();
            var (dense, floor) = (Math.Min(Dense, end), Floor);
            Clear();
            Fill(rest, dense, floor, end);
        }
    }

    /// <summary>The whole entry of a sequence; null: it was given up.</summary>
    public PartitionEntry? Find(long sequence) => _nodes.Find(sequence)?.Entry is { IsStub: false } entry ? entry : null;

    /// <summary>The sequence of the next whole entry behind one; null: there is none.</summary>
    public long? NextAfter(long sequence) => _nodes.After(sequence).FirstOrDefault(static node => node.Entry is { IsStub: false })?.Sequence;

    /// <summary>At most some entries behind <paramref name="sequence"/>; of a log that begins later, none.</summary>
    public IReadOnlyList<PartitionEntry> After(long sequence, int count, int bytes)
    {
        var found = new List<PartitionEntry>();
        if (sequence < Start)
        {
            return found;
        }

        foreach (var node in _nodes.After(sequence))
        {
            if (node.Entry is { } entry)
            {
                found.Add(entry);
                bytes -= entry.Forward.Weight;
                if (found.Count == count || bytes <= 0)
                {
                    break;
                }
            }
        }

        return found;
    }

    /// <summary>Before it takes entries of another log. False: this one may hold what was taken away there, and must begin anew.</summary>
    /// <param name="floor">The other's <see cref="Floor"/>.</param>
    public bool TryFollow(long floor)
    {
        if (End == 0)
        {
            // What was taken away up to there is not among the entries that come, on however many pages; nor is what took it away.
            Floor = Math.Max(Floor, floor);
        }

        return !IsWhole || End >= floor || Floor >= floor;
    }

    /// <summary>The highest number taken of an origin; null: none in this log.</summary>
    public long? Taken(LaneId origin) => _taken.TryGetValue(origin, out var node) ? node.Entry!.Forward.Number : null;

    /// <summary>Whole entries of an origin from a number on, among the newest.</summary>
    public IEnumerable<PartitionEntry> Of(LaneId origin, long first) =>
        _nodes.After(Dense).Select(static node => node.Entry!).Where(entry => entry.Forward.Origin == origin && entry.Forward.Number >= first);

    /// <summary>The offset of a topic as far as it is committed.</summary>
    public long OffsetOf(TopicState topic, long commit)
    {
        foreach (var node in _nodes.After(commit))
        {
            if (node.Entry is { IsTaken: true, Offset: > 0 } entry && entry.Forward.Topic.AsSpan().SequenceEqual(topic.Name))
            {
                return entry.Offset - 1;
            }
        }

        return topic.Offset;
    }

    /// <summary>The topic that was longest not appended to, of those that nobody is a member of.</summary>
    public bool TryFindIdle(long commit, [NotNullWhen(true)] out TopicState? idle)
    {
        idle = null;
        foreach (var topic in _topics.Values)
        {
            // A room is its snapshot: it goes when the room does.
            if (topic.Members == 0 && !(topic.Kept > 0 && TopicName.IsOfRoom(topic.Name)) && topic.LastSequence <= commit && (idle is null || topic.LastSequence < idle.LastSequence))
            {
                idle = topic;
            }
        }

        return idle is not null;
    }

    void INodeOwner.ReleaseWith(LogNode? old, LogNode by) => ReleaseWith(old, by);

    void INodeOwner.Stripped(LogNode node)
    {
        Dense = Math.Max(Dense, node.Sequence);
        budget.Add(-node.Entry!.Forward.Payload.Length);
    }

    void INodeOwner.Dropped(LogNode node)
    {
        var entry = node.Entry!;
        Dense = Math.Max(Dense, node.Sequence);
        if (entry.IsRemoval)
        {
            Floor = Math.Max(Floor, node.Sequence);
        }

        budget.Add(-entry.Forward.Weight);
        _nodes.Gone();
    }

    private void ReleaseWith(LogNode? old, LogNode by)
    {
        if (old is not null)
        {
            _releases.Enqueue((old, by.Sequence));
        }
    }

    private (PublishOutcome Outcome, long Offset) Judge(Forward forward, TopicState? topic, long now)
    {
        if (forward.Kind is not (ForwardKind.Publish or ForwardKind.Remove or ForwardKind.Expire))
        {
            return (PublishOutcome.Taken, 0);
        }

        if (topic is null && budget.AreTopicsFull)
        {
            return (PublishOutcome.Limited, 0);
        }

        if (forward.Key is { } key && topic?.FindKey(key, now) is { } former)
        {
            return (former.Forward.Digest == forward.Digest ? PublishOutcome.Repeated : PublishOutcome.Conflict, former.Offset);
        }

        if (forward.Key is not null && topic?.Keys >= budget.MaxKeys)
        {
            return (PublishOutcome.Limited, 0);
        }

        var present = topic?.Find(forward.Subject);
        if (forward.If is { } condition && condition != (present is null ? condition with { Offset = 0 } : new TopicPosition(Epoch, topic!.Birth, present.Offset)))
        {
            return (PublishOutcome.Conflict, present?.Offset ?? 0);
        }

        var isFull = forward.Kind == ForwardKind.Publish && topic is { KeepsLatest: true }
            && ((present is null && topic.Kept >= topic.Settings.History.Size) || topic.Bytes + forward.Weight > budget.MaxTopicBytes);
        return isFull ? (PublishOutcome.Limited, 0) : (PublishOutcome.Taken, (topic?.Offset ?? 0) + 1);
    }

    private void Apply(LogNode node)
    {
        var entry = node.Entry!;
        if (entry.Forward.Origin != default)
        {
            node.Hold();
            ReleaseWith(_taken.GetValueOrDefault(entry.Forward.Origin), node);
            _taken[entry.Forward.Origin] = node;
        }

        ApplySection(node);
        if (entry.Forward.Topic is not { } name)
        {
            return;
        }

        if (entry.Forward.Kind == ForwardKind.Evict)
        {
            if (_topics.Remove(name, out var ended))
            {
                _ending.Enqueue((ended, node.Sequence));
                budget.AddTopics(-1);
            }

            return;
        }

        if (!_topics.TryGetValue(name, out var topic))
        {
            if (!entry.IsTaken)
            {
                return;
            }

            topic = new TopicState(this, name, topics.Of(name), entry.Birth);
            _topics.Add(name, topic);
            budget.AddTopics(1);
        }

        topic.Apply(node);
        if (!topic.IsTouched)
        {
            topic.IsTouched = true;
            _touched.Add(topic);
        }
    }

    private void ApplySection(LogNode node)
    {
        node.Hold();
        if (_sections.Count > 0 && _sections[^1].Entry!.Generation == node.Entry!.Generation)
        {
            ReleaseWith(_sections[^1], node);
            _sections[^1] = node;
            return;
        }

        _sections.Add(node);
        if (_sections.Count > MaxSections)
        {
            ReleaseWith(_sections[0], node);
            _sections.RemoveAt(0);
        }
    }

    private List<PartitionEntry> Entries() => [.. _nodes.All.Select(static node => node.Entry).OfType<PartitionEntry>()];

    private void Fill(IEnumerable<PartitionEntry> entries, long dense, long floor, long end)
    {
        foreach (var entry in entries)
        {
            Append(entry);
        }

        (Dense, Floor, End) = (Math.Max(Dense, dense), floor, end);
    }

    private void Clear()
    {
        foreach (var node in _nodes.All)
        {
            budget.Add(-node.Entry?.Forward.Weight ?? 0);
        }

        budget.AddTopics(-_topics.Count);
        _nodes.Clear();
        _topics.Clear();
        _taken.Clear();
        _sections.Clear();
        _window.Clear();
        _releases.Clear();
        _ending.Clear();
        _touched.Clear();
        _windowBytes = 0;
        End = Start;
    }
}
