using Broker.Node.Topics;

namespace Broker.Node.Sequenced;

/// <summary>What the owner of a topic knows of who is where. Not thread-safe.</summary>
internal sealed class TopicPresence
{
    private readonly Dictionary<byte[], Dictionary<LaneId, int>> _lanes = new(TopicKeyComparer.Instance);

    /// <summary>Those who have gone, and when each is to leave.</summary>
    private readonly Dictionary<byte[], TimeSpan> _leaving = new(TopicKeyComparer.Instance);

    public long Connections { get; private set; }

    /// <summary>The counts have changed since they were last told.</summary>
    public bool HasChanged { get; set; }

    /// <summary>Somebody has come or gone of whom only the counts tell.</summary>
    public bool IsQuiet { get; set; }

    public bool IsEmpty => _lanes.Count == 0 && _leaving.Count == 0;

    /// <summary>A lane says how many connections a user has there.</summary>
    /// <returns>Whether the user is there at all.</returns>
    public bool Set(byte[] user, LaneId lane, int connections, TimeSpan leaveAt)
    {
        if (!_lanes.TryGetValue(user, out var lanes))
        {
            lanes = [];
            _lanes.Add(user, lanes);
        }

        Connections += connections - lanes.GetValueOrDefault(lane);
        HasChanged = true;
        if (connections > 0 != lanes.ContainsKey(lane))
        {
            ToldLanes = 0;
        }

        if (connections > 0)
        {
            lanes[lane] = connections;
        }
        else
        {
            lanes.Remove(lane);
        }

        if (lanes.Count > 0)
        {
            _leaving.Remove(user);
            return true;
        }

        _lanes.Remove(user);
        _leaving[user] = leaveAt;
        return false;
    }

    /// <summary>On how many the user of a topic of its own was told to be, of those it is on now; 0: it was not.</summary>
    public int ToldLanes { get; set; }

    /// <summary>On how many the user of a topic of its own is.</summary>
    public int Lanes => _lanes.Values.Sum(static lanes => lanes.Count);

    public bool Has(byte[] user) => _lanes.ContainsKey(user);

    /// <summary>Nobody has said yet that the user is there.</summary>
    public void Expect(byte[] user, TimeSpan leaveAt) => _leaving.TryAdd(user, leaveAt);

    /// <summary>Nobody is on a lane any more.</summary>
    public void Remove(LaneId lane, TimeSpan leaveAt)
    {
        foreach (var (user, lanes) in _lanes.Where(one => one.Value.ContainsKey(lane)).ToList())
        {
            Set(user, lane, 0, leaveAt);
        }
    }

    /// <summary>Who is to leave by now, so many of them at most.</summary>
    public IReadOnlyList<byte[]> Due(TimeSpan now, int count)
    {
        if (_leaving.Count == 0)
        {
            return [];
        }

        var due = _leaving.Where(one => one.Value <= now).Select(static one => one.Key).Take(count).ToList();
        due.ForEach(user => _leaving.Remove(user));
        HasChanged |= due.Count > 0;
        return due;
    }
}
