using Broker.Node.Sequenced;

namespace Broker.Tests.Sequenced.Model;

/// <summary>
/// Three to five nodes with one partition, on virtual time: links that are late and lose, nodes that are paused, cut off, killed, that
/// join and leave in order or in haste, leases that move and are held twice. Everything follows from the seed.
/// </summary>
internal sealed class ModelCluster
{
    /// <summary>After which a publish is given up, in milliseconds.</summary>
    public const int Patience = 3_000;

    private const int Chaos = 20_000;
    private const int Rest = 45_000;
    private const int TickInterval = 200;

    private readonly Random _random;
    private readonly ModelBug _bug;
    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private readonly Dictionary<(LaneId From, LaneId To, bool IsBulk), long> _last = [];
    private readonly Dictionary<LaneId, ModelNode> _nodes = [];
    private readonly List<string> _probes = [];
    private readonly double _loss;
    private readonly int _delay;
    private long _order;
    private uint _numbers;
    private readonly Dictionary<ulong, string?> _needless = [];
    private ulong _epochs;
    private bool _isCalm;
    private LaneId? _leased;
    private CopySet? _counted;
    private CopySet? _told;

    public ModelCluster(int seed, ModelBug bug = ModelBug.None)
    {
        _random = new Random(seed);
        _bug = bug;
        _loss = _random.Next(3) * 0.04;
        _delay = _random.Next(3) switch { 0 => 2, 1 => 30, _ => 400 };
        for (var i = _random.Next(3, 6); i > 0; i--)
        {
            Join();
        }
    }

    public ModelHistory History { get; } = new();

    public long Now { get; private set; }

    /// <summary>Every message and every trouble, for whoever looks at a seed that fails.</summary>
    public Action<string>? Trace { get; init; }

    public int Epochs => (int)_epochs;

    private IEnumerable<ModelNode> Alive => _nodes.Values.Where(static node => !node.IsDead);

    private IEnumerable<ModelNode> Healthy => Alive.Where(static node => !node.IsDoomed && !node.IsCut && !node.IsPaused);

    public void Run()
    {
        Lease();
        At(_random.Next(500), Trouble);
        At(10, Client);
        RunUntil(Chaos);
        Calm();
        RunUntil(Chaos + Rest);
        Probe();
        RunUntil(Chaos + (2 * Rest));
        foreach (var node in Alive)
        {
            History.Require(node.Awaited == 0, $"I16: {node.Awaited} publishes of {node.Lane} have no end");
        }

        foreach (var id in _probes)
        {
            History.Require(History.IsAcknowledged(id), $"I16: {id} is not taken when nothing fails any more");
        }

        var owner = _nodes[_leased!.Value].Host;
        History.Require(owner.Owner?.CountedSet is not null, "I16: nobody owns the partition, or its set does not count");
        History.End(owner.Replica.Log);
    }

    /// <returns>False: it certainly does not go there.</returns>
    public bool Send(ModelNode from, LaneId to, PartitionMessage message)
    {
        if (from.IsFull && to != from.Lane)
        {
            if (_bug == ModelBug.RefusedIsSent)
            {
                Carry(from, to, message);
            }

            return false;
        }

        Carry(from, to, message);
        return true;
    }

    private void Carry(ModelNode from, LaneId to, PartitionMessage message)
    {
        Seed(from, to, message);
        if (_bug == ModelBug.SetCountsBeforeDroppedKnow && message is Stated stated)
        {
            message = stated with { Set = null };
        }

        if (!_nodes.TryGetValue(to, out var node) || from.IsDead || IsDropped(to, message))
        {
            return;
        }

        var isOwn = from == node;
        if (!isOwn && (from.IsCut || node.IsCut || (!_isCalm && _random.NextDouble() < _loss)))
        {
            return;
        }

        // What was pulled yields to what is live.
        var link = (from.Lane, to, message is Pulled);
        var arrival = Math.Max(_last.GetValueOrDefault(link), Now + (isOwn ? 0 : _random.Next(1, _isCalm ? 5 : _delay)));
        _last[link] = arrival;
        At(arrival - Now, () => Do(node, () =>
        {
            Trace?.Invoke($"{Now} {from.Lane.Node}>{to.Node} {message}");
            node.Host.Receive(from.Lane, message);
        }));
    }

    public ulong OnNewEpoch(ModelNode node)
    {
        // Told, but nobody who held it runs: then what the older set has may be all there is, and nobody can know.
        bool Runs(LaneId lane) => lane == node.Lane || (!_nodes[lane].IsDead && node.View.Contains(lane));
        var isToldLost = _told is not null && _told.IsNewerThan(_counted) && !Runs(_told.Owner) && !(_told.Copy is { } copy && Runs(copy));
        bool Holds(LaneId lane) => Runs(lane) && _nodes[lane].Host.Replica.IsHolder;
        var isNeedless = _counted is { } counted && (Holds(counted.Owner) || (counted.Copy is { } second && Holds(second))) && !isToldLost;
        _needless.Add(++_epochs, isNeedless ? $"{node.Lane} begins a new epoch, and {_counted} lives" : null);
        return _epochs;
    }

    private void RunUntil(long end)
    {
        while (_events.TryPeek(out _, out var when) && when.Time <= end)
        {
            var action = _events.Dequeue();
            Now = when.Time;
            action();
        }

        Now = end;
    }

    private void At(long delay, Action action) => _events.Enqueue(action, (Now + delay, ++_order));

    /// <summary>A turn of a lane.</summary>
    private void Do(ModelNode node, Action turn)
    {
        if (node.IsDead)
        {
            return;
        }

        if (node.IsPaused)
        {
            node.Waiting.Enqueue(turn);
            return;
        }

        turn();
        node.Host.Replica.SendHeld();
        Watch(node);
    }

    /// <summary>What is known of copy sets by who sees everything.</summary>
    private void Watch(ModelNode node)
    {
        if (node.Host.Owner is { IsServing: true } owner)
        {
            if (owner.CountedSet is { } counted && counted.IsNewerThan(_counted))
            {
                // An owner that has been replaced, and does not know, may begin one: it harms nobody before something counts there.
                var needless = _needless[node.Host.Replica.Log.Epoch];
                History.Require(needless is null, needless ?? "");
                _counted = counted;
            }

            if (node.Host.Replica.Set is { } told && told.Generation == owner.Generation && told.IsNewerThan(_told))
            {
                _told = told;
            }
        }
    }

    private void Tick(ModelNode node)
    {
        if (!node.IsDead)
        {
            Do(node, () => node.Host.Tick(TimeSpan.FromMilliseconds(Now)));
            At(TickInterval + _random.Next(50), () => Tick(node));
        }
    }

    private void Client()
    {
        foreach (var node in Alive.ToList())
        {
            if (_random.Next(4) == 0)
            {
                Do(node, () => node.Publish(_random.Next(2) == 0 ? "a" : "b"));
            }

            if (_random.Next(60) == 0)
            {
                Do(node, () => node.Watch(!node.IsWatching));
            }

            if (node.IsWatching && _random.Next(20) == 0)
            {
                Do(node, () => node.Subscribe(_random.Next(2) == 0 ? "a" : "b"));
            }
        }

        if (!_isCalm)
        {
            At(_random.Next(100), Client);
        }
    }

    private void Trouble()
    {
        if (_isCalm)
        {
            return;
        }

        var healthy = Healthy.ToList();
        if (healthy.Count == 0)
        {
            At(100, Trouble);
            return;
        }

        var node = healthy[_random.Next(healthy.Count)];
        var mayLose = (node.IsLeaving || healthy.Count(static other => !other.IsLeaving) > 1) && (healthy.Count > (Alive.Count() / 2) + 1 || healthy.Count == 2);
        switch (_random.Next(10))
        {
            case 0 when mayLose:
                Kill(node);
                break;
            case 1 when mayLose:
                Pause(node, _random.Next(50, 4_000));
                break;
            case 2 when mayLose:
                Cut(node, _random.Next(50, 4_000));
                break;
            case 3 when !node.IsLeaving && healthy.Count(static other => !other.IsLeaving) > 2:
                Leave(node, isOrderly: _random.Next(2) == 0);
                break;
            case 4 when Alive.Count() < 5:
                Join();
                break;
            case 5:
                Lease();
                break;
            case 6 when _counted is { Copy: { } copy } set && healthy.Count(other => !other.IsLeaving && !set.Has(other.Lane)) > 1:
                // The worst for what was acknowledged: the owner and its copy at once.
                Cut(_nodes[healthy.First(other => !set.Has(other.Lane)).Lane], _random.Next(50, 500));
                foreach (var lane in new[] { set.Owner, copy }.Where(lane => healthy.Contains(_nodes[lane])))
                {
                    At(_random.Next(300), () => Kill(_nodes[lane]));
                }

                break;
            case 7:
                Trace?.Invoke($"{Now} full {node.Lane.Node}");
                node.IsFull = true;
                At(_random.Next(50, 4_000), () => node.IsFull = false);
                break;
            default:
                break;
        }

        At(_random.Next(1_500), Trouble);
    }

    private void Join()
    {
        var node = new ModelNode(this, ++_numbers);
        foreach (var other in Alive.Where(static other => !other.IsDoomed).ToList())
        {
            node.View.Add(other.Lane);
            node.Host.OnMember(other.Lane);
            At(_random.Next(300), () => Do(other, () =>
            {
                // Nobody comes after it has gone.
                if (!node.IsDoomed)
                {
                    // A member comes up only when the others agree who the members are: whoever knows it knows who was removed before.
                    foreach (var gone in _nodes.Values.Where(gone => gone.IsDoomed && other.View.Contains(gone.Lane)).ToList())
                    {
                        Remove(other, gone);
                    }

                    other.View.Add(node.Lane);
                    other.Host.OnMember(node.Lane);
                }
            }));
        }

        _nodes.Add(node.Lane, node);
        Tick(node);
        node.Watch(true);
    }

    private void Kill(ModelNode node)
    {
        Trace?.Invoke($"{Now} kill {node.Lane.Node}");
        node.IsDead = true;
        GiveUp(node);
    }

    /// <summary>The others remove it, each in its time.</summary>
    private void GiveUp(ModelNode node)
    {
        node.IsDoomed = true;
        foreach (var other in Alive.Where(other => other != node).ToList())
        {
            At(_random.Next(200, 3_000), () => Do(other, () => Remove(other, node)));
        }

        if (_leased == node.Lane)
        {
            At(_random.Next(200, 3_500), Lease);
        }
    }

    /// <summary>Who was removed itself decides nothing about others any more: the split brain resolver lets one side go on.</summary>
    private static void Remove(ModelNode from, ModelNode node)
    {
        if (!from.IsDoomed && from.View.Remove(node.Lane))
        {
            from.Host.OnRemoved(node.Lane);
        }
    }

    private void Pause(ModelNode node, int time)
    {
        Trace?.Invoke($"{Now} pause {node.Lane.Node} {time}");
        node.IsPaused = true;
        if (time > 2_000)
        {
            GiveUp(node);
        }

        At(time, () =>
        {
            node.IsPaused = false;
            while (node.Waiting.TryDequeue(out var turn))
            {
                Do(node, turn);
            }

            EndDoomed(node);
        });
    }

    private void Cut(ModelNode node, int time)
    {
        Trace?.Invoke($"{Now} cut {node.Lane.Node} {time}");
        node.IsCut = true;
        if (time > 2_000)
        {
            GiveUp(node);
            EndDoomed(node);
        }
        else
        {
            At(time, () => node.IsCut = false);
        }
    }

    /// <summary>It goes on for a while as if nothing were.</summary>
    private void EndDoomed(ModelNode node)
    {
        if (node.IsDoomed)
        {
            At(_random.Next(3_000), () => node.IsDead = true);
        }
    }

    private void Leave(ModelNode node, bool isOrderly)
    {
        Trace?.Invoke($"{Now} leave {node.Lane.Node} {isOrderly}");
        node.IsLeaving = true;
        foreach (var other in Alive.Where(other => other != node).ToList())
        {
            At(_random.Next(100), () => Do(other, () => other.Host.OnLeaving(node.Lane)));
        }

        if (_leased == node.Lane)
        {
            At(_random.Next(200), Lease);
        }

        At(_random.Next(300), () => Left(node, isOrderly ? 100 : 0));
    }

    /// <summary>In order: once no set needs it, or after a time.</summary>
    private void Left(ModelNode node, int looks)
    {
        if (looks > 0 && !node.IsDead && (node.Host.Replica.IsHolder || node.Awaited > 0))
        {
            At(100, () => Left(node, looks - 1));
        }
        else if (!node.IsDead && !node.IsDoomed)
        {
            Kill(node);
        }
    }

    /// <summary>Gives the lease to another node, or to the same; who had it learns that sooner or later.</summary>
    private void Lease()
    {
        var candidates = Healthy.Where(static node => !node.IsLeaving).ToList();
        if (candidates.Count == 0)
        {
            At(100, Lease);
            return;
        }

        var node = candidates[_random.Next(candidates.Count)];
        if (_leased is { } before && _nodes.TryGetValue(before, out var old) && old != node)
        {
            At(_random.Next(_isCalm ? 10 : 1_500), () => Do(old, () => old.Host.SetLease(_leased == old.Lane)));
        }

        Trace?.Invoke($"{Now} lease {node.Lane.Node}");
        _leased = node.Lane;
        At(_random.Next(_isCalm ? 10 : 1_500), () => Do(node, () => node.Host.SetLease(_leased == node.Lane)));
    }

    /// <summary>From here on nothing fails.</summary>
    private void Calm()
    {
        _isCalm = true;
        foreach (var node in Alive.Where(static node => !node.IsDoomed))
        {
            (node.IsCut, node.IsFull) = (false, false);
        }

        At(5_000, () =>
        {
            if (_leased is not { } leased || _nodes[leased] is { IsDead: true } or { IsDoomed: true } or { IsLeaving: true })
            {
                Lease();
            }
        });
    }

    private void Probe()
    {
        foreach (var node in Alive)
        {
            node.Watch(false);
            node.Watch(true);
            _probes.Add(node.Publish("a"));
            _probes.Add(node.Publish("b"));
        }
    }

    private bool IsDropped(LaneId to, PartitionMessage message) => _bug switch
    {
        ModelBug.SetCountsBeforeDroppedKnow => message is SetTold told && told.Set.Copy != to,
        ModelBug.GivenUpLeavesHole => message is Forwarded { Forward.Topic: null },
        _ => false,
    };

    /// <summary>What section by section would go wrong, put in from outside.</summary>
    private void Seed(ModelNode from, LaneId to, PartitionMessage message)
    {
        if (!_nodes.TryGetValue(to, out var node))
        {
            return;
        }

        switch (_bug, message)
        {
            case (ModelBug.VisibleBeforeCopied, Appended appended):
                At(0, () => Do(from, () => from.Host.Receive(from.Lane, new Committed(appended.Generation, appended.Entry.Sequence))));
                break;
            case (ModelBug.LinkAcknowledgementIsCopy, Appended appended):
                At(1, () => Do(from, () => from.Host.Owner?.Receive(to, new Copied(appended.Generation, appended.Entry.Sequence))));
                break;
            case (ModelBug.SetCountsBeforeDroppedKnow, SetTold told) when told.Set.Copy != to:
                At(0, () => Do(from, () => from.Host.Owner?.Receive(to, new SetConfirmed(told.Generation, told.Set.Number))));
                break;
            case (ModelBug.NewSetHasNoHolder, TakeOver take):
                At(_random.Next(1, 50), () => Do(node, () => node.Host.Receive(from.Lane, new SetTold(take.Generation, new CopySet(take.Generation, 1, from.Lane, null), 0))));
                break;
            case (ModelBug.ReplicaKeepsUncommitted, Stated stated):
                Keep(node, stated);
                break;
            default:
                break;
        }
    }

    /// <summary>What was dropped for a new generation stands there again.</summary>
    private void Keep(ModelNode node, Stated stated)
    {
        var log = node.Host.Replica.Log;
        var before = log.After(log.Start, int.MaxValue, int.MaxValue).ToList();
        var isNew = node.Host.Replica.Highest < stated.Generation || log.End > stated.Commit;
        if (isNew && before.Count > 0 && log.Epoch == stated.Epoch)
        {
            At(_delay + 1, () => Do(node, () =>
            {
                foreach (var entry in before.Where(entry => log.Epoch == stated.Epoch && entry.Sequence == log.End + 1 && node.Host.Owner is null))
                {
                    log.Append(entry);
                }
            }));
        }
    }
}

/// <summary>What could be wrong, and must be found.</summary>
internal enum ModelBug
{
    None,
    VisibleBeforeCopied,
    LinkAcknowledgementIsCopy,
    SetCountsBeforeDroppedKnow,
    NewSetHasNoHolder,
    ReplicaKeepsUncommitted,
    GivenUpLeavesHole,
    RefusedIsSent,
}
