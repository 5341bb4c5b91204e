using Broker.Node.Configuration.Options;
using Broker.Node.Topics;

namespace Broker.Node.Sequenced;

/// <summary>
/// What a whole log knows of one topic: its offset, its history or its kept entries, keys and members. Follows from the entries alone,
/// and holds those that it needs. Not thread-safe.
/// </summary>
/// <param name="log">Whose topic it is.</param>
/// <param name="name">UTF-8.</param>
/// <param name="settings">The same on every node.</param>
/// <param name="birth">Sequence of its first entry.</param>
internal sealed class TopicState(INodeOwner log, byte[] name, TopicOptions settings, long birth)
{
    /// <summary>How long keys and removals are known, in milliseconds.</summary>
    public const long KeyTime = 5 * 60 * 1000;

    /// <summary>Removals of kept entries that are remembered, so that who comes back need not take everything anew.</summary>
    private const int Tombstones = 256;

    /// <summary>Of a topic that keeps all: in the order of their offsets, without holes.</summary>
    private readonly NodeList _history = new();
    private readonly NodeList _joins = new(static node => node.HasLeft);
    private readonly Dictionary<byte[], LogNode> _kept = new(TopicKeyComparer.Instance);
    private readonly Dictionary<byte[], LogNode> _members = new(TopicKeyComparer.Instance);
    private readonly Dictionary<byte[], LogNode> _keys = new(TopicKeyComparer.Instance);
    private readonly Queue<LogNode> _keyOrder = new();
    private readonly Queue<LogNode> _tombstones = new();

    /// <summary>What stood there before an entry that is not committed yet.</summary>
    private readonly Queue<(LogNode Old, long By)> _replaced = new();
    private LogNode? _last;
    private LogNode? _lastCounted;

    public byte[] Name => name;

    public TopicOptions Settings => settings;

    public long Birth => birth;

    /// <summary>The last that was given.</summary>
    public long Offset { get; private set; }

    /// <summary>Sequence of its last entry.</summary>
    public long LastSequence => _last?.Sequence ?? birth;

    /// <summary>Of the contents of its history or its kept entries.</summary>
    public long Bytes { get; private set; }

    public bool KeepsLatest => settings.Keep == KeepPolicy.Latest;

    public int Members => _members.Count;

    public int Kept => _kept.Count;

    public int Keys => _keys.Count;

    /// <summary>Removals of kept entries up to this offset are not known any more.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Offset of the oldest one in the history; 0: it has none.</summary>
    public long FirstOffset => _history.First?.Entry!.Offset ?? 0;

    /// <summary>It was appended to since its log was last settled.</summary>
    public bool IsTouched { get; set; }

    public IEnumerable<byte[]> MemberNames => _members.Keys;

    public void Apply(LogNode node)
    {
        var entry = node.Entry!;
        node.Hold();
        log.ReleaseWith(_last, node);
        _last = node;
        if (!entry.IsTaken)
        {
            return;
        }

        if (entry.Offset > 0)
        {
            Offset = entry.Offset;
            node.Hold();
            log.ReleaseWith(_lastCounted, node);
            _lastCounted = node;
        }

        if (entry.Forward.Key is { } key)
        {
            ApplyKey(node, key);
        }

        switch (entry.Forward.Kind)
        {
            case ForwardKind.Join:
                node.HoldBody();
                Replace(_members, node);
                _joins.Add(node);
                break;
            case ForwardKind.Leave:
                Remove(_members, node);
                break;
            case ForwardKind.Publish when entry.IsStub:
                break;
            case ForwardKind.Publish when KeepsLatest:
                node.HoldBody();
                Bytes += entry.Forward.Weight;
                Replace(_kept, node);
                break;
            case ForwardKind.Publish when settings.History.Size > 0:
                node.HoldBody();
                Bytes += entry.Forward.Weight;
                _history.Add(node);
                break;
            case ForwardKind.Remove or ForwardKind.Expire when !entry.IsStub:
                node.HoldBody();
                _tombstones.Enqueue(node);
                Remove(_kept, node);
                break;
            default:
                break;
        }
    }

    /// <summary>Gives up what is over its bounds.</summary>
    /// <param name="commit">What is behind it stays, and so does what that replaces.</param>
    /// <param name="maxBytes">Of the history.</param>
    public void Settle(long commit, long maxBytes)
    {
        while (_replaced.TryPeek(out var replaced) && replaced.By <= commit)
        {
            var old = _replaced.Dequeue().Old;
            if (old.Entry!.Forward.Kind == ForwardKind.Publish)
            {
                Bytes -= old.Entry.Forward.Weight;
            }
            else
            {
                old.HasLeft = true;
                _joins.Gone();
            }

            old.ReleaseBody();
        }

        while (_history.First is { } first && first.Sequence <= commit && (_history.Count > settings.History.Size || Bytes > maxBytes))
        {
            DropFirst(first);
        }

        while (_tombstones.Count > Tombstones && _tombstones.Peek().Sequence <= commit)
        {
            ForgetTombstone();
        }
    }

    /// <summary>Gives up what is too old.</summary>
    /// <param name="commit">Committed.</param>
    /// <param name="now">Milliseconds since the epoch.</param>
    public void Sweep(long commit, long now)
    {
        var oldest = Oldest(now);
        while (_history.First is { } first && first.Sequence <= commit && first.Entry!.Forward.Time < oldest)
        {
            DropFirst(first);
        }

        while (_keyOrder.TryPeek(out var key) && (key.HasLostKey || (key.Sequence <= commit && key.Entry!.Forward.Time < now - KeyTime)))
        {
            _keyOrder.Dequeue();
            if (!key.HasLostKey)
            {
                _keys.Remove(key.Entry!.Forward.Key!);
            }

            key.Release();
        }

        while (_tombstones.TryPeek(out var tombstone) && tombstone.Sequence <= commit && tombstone.Entry!.Forward.Time < now - KeyTime)
        {
            ForgetTombstone();
        }
    }

    /// <summary>Lets go of everything: its life is over.</summary>
    public void End()
    {
        foreach (var node in _history.All.Concat(_kept.Values).Concat(_members.Values).Concat(_tombstones).Concat(_replaced.Select(static replaced => replaced.Old)))
        {
            node.ReleaseBody();
        }

        foreach (var node in _keyOrder)
        {
            node.Release();
        }

        _last?.Release();
        _lastCounted?.Release();
        (_last, _lastCounted) = (null, null);
        _history.Clear();
        _kept.Clear();
        _members.Clear();
        _tombstones.Clear();
        _replaced.Clear();
        _keyOrder.Clear();
    }

    /// <summary>The kept entry of a name; null: there is none.</summary>
    public PartitionEntry? Find(byte[] subject) => _kept.GetValueOrDefault(subject)?.Entry;

    /// <summary>What was taken under a key; null: nothing that is known.</summary>
    public PartitionEntry? FindKey(byte[] key, long now) =>
        _keys.GetValueOrDefault(key)?.Entry is { } entry && entry.Forward.Time >= now - KeyTime ? entry : null;

    public bool HasMember(byte[] user) => _members.ContainsKey(user);

    /// <summary>Who had joined, in the order in which they did, behind a sequence.</summary>
    public IEnumerable<PartitionEntry> MembersAfter(long sequence, long commit) =>
        _joins.After(sequence).Where(node => !node.HasLeft && node.Sequence <= commit).Select(static node => node.Entry!);

    /// <summary>Kept entries whose time is over.</summary>
    public IEnumerable<PartitionEntry> Expired(long now)
    {
        var oldest = Oldest(now);
        return oldest == long.MinValue ? [] : _kept.Values.Select(static node => node.Entry!).Where(entry => entry.Forward.Time < oldest);
    }

    /// <summary>The history behind an offset, oldest first, without what is too old.</summary>
    public IEnumerable<PartitionEntry> After(long offset, long commit, long now)
    {
        var oldest = Oldest(now);
        return _history.Skip(offset - FirstOffset + 1).TakeWhile(node => node.Sequence <= commit).Select(static node => node.Entry!).Where(entry => entry.Forward.Time >= oldest);
    }

    /// <summary>The history, newest first, from below an offset on, without what is too old.</summary>
    public IEnumerable<PartitionEntry> Before(long offset, long commit, long now)
    {
        var oldest = Oldest(now);
        return _history.Backwards(offset - FirstOffset).Where(node => node.Sequence <= commit).Select(static node => node.Entry!).TakeWhile(entry => entry.Forward.Time >= oldest);
    }

    /// <summary>Kept entries behind an offset in their order, and removals where they are asked for.</summary>
    public IEnumerable<PartitionEntry> Snapshot(long since, bool withRemovals, long commit) =>
        _kept.Values.Concat(_replaced.Where(replaced => replaced.By > commit).Select(static replaced => replaced.Old).Where(static node => node.Entry!.Forward.Kind == ForwardKind.Publish))
            .Concat(withRemovals ? _tombstones : [])
            .Where(node => node.Sequence <= commit)
            .Select(static node => node.Entry!)
            .Where(entry => entry.Offset > since)
            .OrderBy(static entry => entry.Offset);

    private long Oldest(long now) => settings.History.Ttl == TimeSpan.Zero ? long.MinValue : now - (long)settings.History.Ttl.TotalMilliseconds;

    private void ApplyKey(LogNode node, byte[] key)
    {
        node.Hold();
        if (_keys.Remove(key, out var former))
        {
            former.HasLostKey = true;
        }

        _keys.Add(key, node);
        _keyOrder.Enqueue(node);
    }

    private void Replace(Dictionary<byte[], LogNode> map, LogNode node)
    {
        Remove(map, node);
        map.Add(node.Entry!.Forward.Subject, node);
    }

    private void Remove(Dictionary<byte[], LogNode> map, LogNode by)
    {
        if (map.Remove(by.Entry!.Forward.Subject, out var old))
        {
            _replaced.Enqueue((old, by.Sequence));
        }
    }

    private void DropFirst(LogNode first)
    {
        _history.RemoveFirst();
        Bytes -= first.Entry!.Forward.Weight;
        first.ReleaseBody();
    }

    private void ForgetTombstone()
    {
        var node = _tombstones.Dequeue();
        Forgotten = Math.Max(Forgotten, node.Entry!.Offset);
        node.ReleaseBody();
    }
}
