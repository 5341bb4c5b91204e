namespace Broker.Node.Links;

/// <summary>
/// Whether this node may serve clients: it is Up, its lanes are registered, and hellos were answered both ways, lane by lane,
/// with every reachable Up member, and the cluster is not one that has just been founded beside another. Opens once, closes once. Written by one actor; read by any thread.
/// </summary>
/// <remarks>
/// Of two nodes, the one that opens later has seen the other as an Up member (members become Up in gossip that all have seen),
/// so every pair has greeted before both serve; a member that becomes Up after this gate opened waits at its own.
/// </remarks>
/// <param name="lanes">Lanes of the node.</param>
/// <param name="helloTimeout">Silence after which a peer no longer holds the gate.</param>
/// <param name="founding">What is missing before the cluster may serve, for people; "" for nothing.</param>
internal sealed class ReadyGate(int lanes, TimeSpan helloTimeout, string founding = "")
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<uint, PeerEntry> _peers = [];
    private readonly HashSet<int> _subscribed = [];
    private volatile string _reason = "starting";
    private volatile bool _isReady;
    private bool _isUp;
    private bool _isClosed;
    private string _founding = founding;

    public bool IsReady => _isReady;

    /// <summary>Completes when the gate opens; never, if it is closed before.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes when the gate closes, which is for ever: no client may stay.</summary>
    public Task Closed => _closed.Task;

    /// <summary>What is missing, for people; empty while ready.</summary>
    public string Reason => _reason;

    public void SelfUp()
    {
        _isUp = true;
        Evaluate();
    }

    /// <summary>What is missing before the cluster may serve; "": nothing any more.</summary>
    public void Founding(string missing)
    {
        _founding = missing;
        Evaluate();
    }

    public void LaneSubscribed(int lane)
    {
        _subscribed.Add(lane);
        Evaluate();
    }

    /// <summary>The lane was replaced: its registration and greetings begin anew.</summary>
    public void LaneLost(int lane)
    {
        _subscribed.Remove(lane);
        foreach (var peer in _peers.Values)
        {
            peer.Lanes.Remove(lane);
        }
    }

    public void LinkReady(int lane, uint peer)
    {
        if (!_peers.TryGetValue(peer, out var entry))
        {
            _peers.Add(peer, entry = new PeerEntry());
        }

        entry.Lanes.Add(lane);
        Evaluate();
    }

    /// <summary>The reachable Up members other than this node, and the time.</summary>
    public void Require(IReadOnlySet<uint> peers, TimeSpan now)
    {
        foreach (var (peer, entry) in _peers)
        {
            entry.Since = peers.Contains(peer) ? entry.Since ?? now : null;
        }

        foreach (var peer in peers)
        {
            if (!_peers.ContainsKey(peer))
            {
                _peers.Add(peer, new PeerEntry { Since = now });
            }
        }

        Evaluate();
    }

    public void Forget(uint peer)
    {
        _peers.Remove(peer);
        Evaluate();
    }

    /// <summary>The peers whose silence has just become too long; each is returned once.</summary>
    public IReadOnlyList<uint> Expire(TimeSpan now)
    {
        List<uint> silent = [];
        foreach (var (peer, entry) in _peers)
        {
            if (!entry.IsGivenUp && entry.Lanes.Count < lanes && now - entry.Since >= helloTimeout)
            {
                entry.IsGivenUp = true;
                silent.Add(peer);
            }
        }

        Evaluate();
        return silent;
    }

    /// <summary>For ever: draining, leaving or downed.</summary>
    public void Close(string reason)
    {
        if (!_isClosed)
        {
            _isClosed = true;
            _reason = reason;
            _isReady = false;
            _closed.TrySetResult();
        }
    }

    private void Evaluate()
    {
        if (_isClosed || _isReady)
        {
            return;
        }

        _reason = Missing();
        if (_reason.Length == 0)
        {
            _isReady = true;
            _ready.TrySetResult();
        }
    }

    private string Missing()
    {
        if (!_isUp)
        {
            return "not a member of the cluster yet";
        }

        if (_subscribed.Count < lanes)
        {
            return $"{_subscribed.Count} of {lanes} lanes registered";
        }

        var silent = _peers.Values.Count(peer => peer is { Since: not null, IsGivenUp: false } && peer.Lanes.Count < lanes);
        return silent == 0 ? _founding : $"waiting for hellos of {silent} node(s)";
    }

    private sealed class PeerEntry
    {
        public HashSet<int> Lanes { get; } = [];

        /// <summary>Since when it holds the gate; null: it does not.</summary>
        public TimeSpan? Since { get; set; }

        public bool IsGivenUp { get; set; }
    }
}
