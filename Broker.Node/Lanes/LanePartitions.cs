using Broker.Node.Delivery;
using Broker.Node.Links;
using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Node.Lanes;

/// <summary>
/// The partitions of sequenced topics that one lane has a part in: as owner, copy, publisher or subscriber. Carries what they say to those
/// of other nodes over the owned link. Single-threaded: only its lane calls it.
/// </summary>
internal sealed class LanePartitions
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly LaneIdentity _identity;
    private readonly LinkSet _links;
    private readonly Func<TimeSpan> _now;
    private readonly SequencedOptions _options;
    private readonly ISequencedLogs _logs;
    private readonly TimeProvider _time;
    private readonly LanePartition?[] _partitions = new LanePartition?[TopicName.Partitions];
    private readonly List<LanePartition> _present = [];
    private readonly Dictionary<uint, Peer> _peers = [];
    private readonly Queue<(LanePartition Partition, PartitionMessage Message)> _own = new();
    private readonly MessageBuffer _buffer = new();

    /// <summary>Cursors of patterns that may match a sequenced topic.</summary>
    private readonly HashSet<Subscription> _watchers = [];
    private TimeSpan _nextTick;
    private bool _isLeaving;

    /// <param name="identity">The lane.</param>
    /// <param name="options">Shared by all lanes.</param>
    /// <param name="logs">The lane's.</param>
    /// <param name="links">The lane's.</param>
    /// <param name="time">The age of what is kept.</param>
    /// <param name="now">The lane's clock.</param>
    /// <param name="post">Posts a command to the lane; any thread.</param>
    public LanePartitions(LaneIdentity identity, SequencedOptions options, ISequencedLogs logs, LinkSet links, TimeProvider time, Func<TimeSpan> now, Action<LaneCommand> post)
    {
        (_identity, _options, _logs, _links, _time, _now, Post) = (identity, options, logs, links, time, now, post);
        Self = new LaneId(identity.Node, (uint)identity.Incarnation);
    }

    public LaneId Self { get; }

    public SequencedOptions Options => _options;

    public ISequencedLogs Logs => _logs;

    public TimeSpan Now => _now();

    /// <summary>Any thread.</summary>
    public Action<LaneCommand> Post { get; }

    /// <summary>Milliseconds since the epoch.</summary>
    public long Clock => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>No counted set needs this lane any more, or there is nobody to replace it.</summary>
    public bool HasLeft => _peers.Values.All(static peer => peer.IsLeaving) || _present.TrueForAll(static partition => !partition.Host.Replica.IsHolder);

    /// <summary>Takes a command, and completes it when its outcome is known.</summary>
    public void Execute(LaneCommand command)
    {
        if (command is PatternCommand pattern)
        {
            Execute(pattern);
        }
        else
        {
            Of(command.TopicHash).Execute(command);
        }
    }

    /// <summary>In the place of <see cref="Execute(LaneCommand)"/> while the node may promise nothing.</summary>
    public void Refuse(LaneCommand command)
    {
        switch (command)
        {
            case PatternCommand { Request: PatternRequest.Subscribe } subscribe:
                Watch(subscribe);
                Finish(subscribe, isRefused: true);
                break;
            case PatternCommand pattern:
                Execute(pattern);
                break;
            default:
                Of(command.TopicHash).Refuse(command);
                break;
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Leave(Subscription subscription)
    {
        if (subscription.Gate is null)
        {
            Of(subscription.TopicHash).Leave(subscription);
        }
        else
        {
            _logs.Leave(subscription);
            Unwatch(subscription);
        }
    }

    /// <summary>Looks which partitions the node owns now.</summary>
    public void ReadLeases()
    {
        for (var id = _identity.Lane; id < TopicName.Partitions; id += _identity.Lanes)
        {
            var has = _options.Leases.Has(id);
            if (has != _partitions[id]?.HasLease && (has || _partitions[id] is not null))
            {
                Of((uint)id).SetLease(has);
            }
        }
    }

    /// <summary>Does what lanes say to themselves, until nothing is left of it.</summary>
    public void Run()
    {
        while (_own.TryDequeue(out var own))
        {
            own.Partition.Host.Receive(Self, own.Message);
        }

        foreach (var partition in _present)
        {
            partition.Flush();
        }
    }

    public void Tick()
    {
        if (_now() < _nextTick)
        {
            return;
        }

        _nextTick = _now() + TickInterval;
        foreach (var partition in _present)
        {
            partition.Tick();
        }

        Run();
    }

    /// <summary>The lane ends, and with it what it has under way.</summary>
    public void End()
    {
        foreach (var partition in _present)
        {
            partition.End();
        }
    }

    /// <summary>Of another node's lane, by the owned link. False: it makes no sense.</summary>
    public bool Receive(uint peer, in EnvelopeEntry entry)
    {
        if (entry.Kind == EntryKind.Leaving)
        {
            OnPeerLeaving(peer);
            return true;
        }

        var message = PartitionCodec.Read(entry.Payload, out var id);
        if (message is null || id % _identity.Lanes != _identity.Lane)
        {
            return false;
        }

        if (_peers.TryGetValue(peer, out var from))
        {
            Of((uint)id).Receive(from.Lane, message);
        }

        return true;
    }

    /// <summary>Something on the owned link was lost: what holds is said again.</summary>
    public void OnGap()
    {
        foreach (var partition in _present)
        {
            partition.Host.Replica.Restate();
            partition.Host.Owner?.Tick();
        }
    }

    /// <summary>A peer's lane, or its next life, was heard.</summary>
    public void OnMet(uint peer, long incarnation)
    {
        if (_peers.TryGetValue(peer, out var known))
        {
            // The next before the last goes: a node that is there in another life is not gone.
            Welcome(peer, new LaneId(peer, (uint)incarnation), known.IsLeaving);
            Forget(known.Lane);
        }
    }

    /// <summary>A node serves, or may: nothing is taken over before its lane has answered, or it was removed.</summary>
    public void OnPeer(uint peer, long incarnation)
    {
        if (!_peers.ContainsKey(peer))
        {
            Welcome(peer, new LaneId(peer, (uint)incarnation), isLeaving: false);
        }
    }

    public void OnPeerLeaving(uint peer)
    {
        if (_peers.TryGetValue(peer, out var known) && !known.IsLeaving)
        {
            _peers[peer] = known with { IsLeaving = true };
            foreach (var partition in _present)
            {
                partition.Host.OnLeaving(known.Lane);
            }
        }
    }

    public void OnPeerRemoved(uint peer)
    {
        if (_peers.Remove(peer, out var known))
        {
            Forget(known.Lane);
        }
    }

    /// <summary>The node stops: others are to hold what it holds.</summary>
    public void BeginLeave()
    {
        if (!_isLeaving)
        {
            _isLeaving = true;
            foreach (var peer in _peers.Keys)
            {
                _links.TryOffer(peer, LinkKind.Owned, new EnvelopeEntry(EntryKind.Leaving, default, default, 0, 0, default), _now());
            }
        }
    }

    /// <summary>Whether an entry for a lane would be taken now.</summary>
    public bool Accepts(LaneId lane) => lane == Self || _links.Accepts(lane.Node);

    /// <returns>False: it does not go there, and the peer does not know that it misses one.</returns>
    public bool Send(LanePartition partition, LaneId to, PartitionMessage message)
    {
        if (to == Self)
        {
            _own.Enqueue((partition, message));
            return true;
        }

        if (!_peers.TryGetValue(to.Node, out var peer) || peer.Lane != to)
        {
            return false;
        }

        var writer = new PartitionWriter(_buffer.Clear());
        PartitionCodec.Write(ref writer, partition.Id, message);
        var isBulk = message is Pulled or Told { IsPage: true };
        return _links.TryOffer(to.Node, LinkKind.Owned, new EnvelopeEntry(EntryKind.Partition, default, default, 0, 0, _buffer.Written), _now(), isBulk);
    }

    /// <summary>Any partition of the lane may have a topic that the pattern matches: the owners of all of them know that it is wanted here, before it is said.</summary>
    private void Execute(PatternCommand command)
    {
        Watch(command);
        var left = TopicName.Partitions / _identity.Lanes;
        var isRefused = false;
        for (var id = _identity.Lane; id < TopicName.Partitions; id += _identity.Lanes)
        {
            Of((uint)id).AskBarrier(isAnswered =>
            {
                isRefused |= !isAnswered;
                if (--left == 0)
                {
                    Finish(command, isRefused);
                }
            });
        }
    }

    private void Watch(PatternCommand command)
    {
        if (command.Request is PatternRequest.Subscribe { Subscription: { } subscription } && _watchers.Add(subscription.Cursors[command.Lane]) && _watchers.Count == 1)
        {
            SetWatched(true);
        }
    }

    private void Unwatch(Subscription cursor)
    {
        if (_watchers.Remove(cursor) && _watchers.Count == 0)
        {
            SetWatched(false);
        }
    }

    private void SetWatched(bool isWatched)
    {
        for (var id = _identity.Lane; id < TopicName.Partitions; id += _identity.Lanes)
        {
            Of((uint)id).SetWatched(isWatched);
        }
    }

    private void Finish(PatternCommand command, bool isRefused)
    {
        if (isRefused || command.Request is PatternRequest.Subscribe { Subscription.Cursors: var cursors } && cursors[command.Lane].HasLeft)
        {
            _logs.Refuse(command);
        }
        else
        {
            _logs.Execute(command);
        }

        var cursor = command.Request switch
        {
            PatternRequest.Subscribe subscribe => subscribe.Subscription.Cursors[command.Lane],
            PatternRequest.Unsubscribe unsubscribe => unsubscribe.Subscription.Cursors[command.Lane],
            _ => null,
        };
        if (cursor is { IsOpen: false })
        {
            Unwatch(cursor);
        }

        command.Complete();
    }

    private LanePartition Of(uint hash)
    {
        var id = TopicName.PartitionOf(hash);
        if (_partitions[id] is not { } partition)
        {
            partition = new LanePartition(id, this);
            _partitions[id] = partition;
            _present.Add(partition);
            foreach (var peer in _peers.Values)
            {
                partition.Host.OnMember(peer.Lane);
                if (peer.IsLeaving)
                {
                    partition.Host.OnLeaving(peer.Lane);
                }
            }
        }

        return partition;
    }

    private void Welcome(uint peer, LaneId lane, bool isLeaving)
    {
        _peers[peer] = new Peer(lane, isLeaving);
        foreach (var partition in _present)
        {
            partition.Host.OnMember(lane);
            if (isLeaving)
            {
                partition.Host.OnLeaving(lane);
            }
        }
    }

    private void Forget(LaneId lane)
    {
        foreach (var partition in _present)
        {
            partition.Host.OnRemoved(lane);
        }
    }

    /// <param name="Lane">Of incarnation 0: not heard yet.</param>
    /// <param name="IsLeaving">It is to hold no copy.</param>
    private sealed record Peer(LaneId Lane, bool IsLeaving);
}
