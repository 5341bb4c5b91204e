using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Broker.Node.Configuration.Options;
using Broker.Node.Links;
using Broker.Node.Membership;

namespace Broker.Node.Lanes;

/// <summary>
/// Parent of a node's lanes: tells them of members, keeps the <see cref="ReadyGate"/>, and follows a lane that failed with a
/// new incarnation.
/// </summary>
internal sealed class LanesActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan GateInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    private readonly LaneOptions _options;
    private readonly Func<LaneIdentity, Props> _laneProps;
    private readonly IReadOnlyList<Lane> _lanes;
    private readonly ReadyGate _gate;
    private readonly Fence _fence;
    private readonly Action<int, Exception> _failed;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<IActorRef, LaneIdentity> _actors = [];
    private readonly Dictionary<uint, PeerChange> _peers = [];
    private readonly Dictionary<IActorRef, Exception> _failures = [];
    private readonly HashSet<uint> _refused = [];
    private readonly HashSet<int> _goodbyes = [];
    private TaskCompletionSource<bool>? _goodbye;

    public LanesActor(LaneOptions options, IReadOnlyList<Lane> lanes, Func<LaneIdentity, Props> laneProps, ReadyGate gate, Fence fence, Action<int, Exception> failed, TimeProvider time)
    {
        (_options, _lanes, _laneProps, _gate, _fence, _failed, _time) = (options, lanes, laneProps, gate, fence, failed, time);
        _started = time.GetTimestamp();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _time.GetElapsedTime(_started);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        _failures[Sender] = failure;
        return Directive.Stop;
    });

    protected override void PreStart()
    {
        for (var lane = 0; lane < _options.Count; lane++)
        {
            StartLane(lane);
        }

        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Timers.StartPeriodicTimer(GateTick.Instance, GateTick.Instance, GateInterval);
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _gate.Close("stopped");
        _goodbye?.TrySetResult(false);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.CurrentClusterState state: OnState(state); break;
            case ClusterEvent.IMemberEvent change: OnMember(change); break;
            case ClusterEvent.IReachabilityEvent: _cluster.SendCurrentClusterState(Self); break;
            case LaneEvent.Subscribed subscribed: OnSubscribed(subscribed); break;
            case LaneEvent.LinkReady ready: OnLinkReady(ready); break;
            case LaneEvent.Refused refused: OnRefused(refused); break;
            case LaneEvent.FarewellDone done: OnFarewellDone(done); break;
            case GateTick: OnGateTick(); break;
            case Gone gone: OnSilent(gone.Peer); break;
            case Founding founding: _gate.Founding(founding.Missing); break;
            case CloseGate close: _gate.Close(close.Reason); break;
            case Goodbye goodbye: OnGoodbye(goodbye); break;
            case GoodbyeTimeout: _goodbye?.TrySetResult(false); break;
            case Restart restart: StartLane(restart.Lane); break;
            case Terminated terminated: OnTerminated(terminated); break;
            default: Unhandled(message); break;
        }
    }

    // Events of one change come one by one: what this node waits for is decided on a snapshot, which has the whole of it.
    private void OnMember(ClusterEvent.IMemberEvent change)
    {
        if (change is ClusterEvent.MemberRemoved && change.Member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
        {
            _gate.Close("removed from the cluster");
            return;
        }

        _cluster.SendCurrentClusterState(Self);
    }

    private void OnState(ClusterEvent.CurrentClusterState state)
    {
        var present = new HashSet<uint>();
        var required = new HashSet<uint>();
        Member? self = null;
        foreach (var member in state.Members)
        {
            if (member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
            {
                self = member;
                continue;
            }

            var uid = unchecked((uint)member.UniqueAddress.Uid);
            var change = ChangeOf(member, state.Unreachable.Contains(member));
            present.Add(uid);
            if (change == PeerChange.Reachable)
            {
                required.Add(uid);
            }

            OnPeer(uid, change);
        }

        foreach (var gone in _peers.Keys.Where(uid => !present.Contains(uid)).ToList())
        {
            OnGone(gone);
        }

        _gate.Require(required, Now);
        OnSelf(self?.Status);
    }

    private static PeerChange ChangeOf(Member member, bool isUnreachable) => member.Status switch
    {
        MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Removed => PeerChange.Leaving,
        MemberStatus.Down => PeerChange.Down,
        _ when isUnreachable => PeerChange.Unreachable,
        MemberStatus.Up => PeerChange.Reachable,
        _ => PeerChange.Seen,
    };

    private void OnPeer(uint uid, PeerChange change)
    {
        if (!_peers.TryGetValue(uid, out var known))
        {
            Tell(new LaneSignal.Peer(uid, PeerChange.Seen));
            known = PeerChange.Seen;
        }

        _peers[uid] = change;
        if (change != known)
        {
            Tell(new LaneSignal.Peer(uid, change));
        }
    }

    private void OnGone(uint uid)
    {
        _peers.Remove(uid);
        _refused.Remove(uid);
        _gate.Forget(uid);
        if (_fence.UntilSilent(uid) is var wait && wait > TimeSpan.Zero)
        {
            // It may still acknowledge what does not arrive here any more. The gap must come after that.
            Timers.StartSingleTimer(uid, new Gone(uid), wait);
        }
        else
        {
            OnSilent(uid);
        }
    }

    private void OnSilent(uint uid)
    {
        _fence.Forget(uid);
        Tell(new LaneSignal.Peer(uid, PeerChange.Removed));
    }

    private void OnSelf(MemberStatus? status)
    {
        switch (status)
        {
            case MemberStatus.Up:
                _gate.SelfUp();
                break;
            case MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down or MemberStatus.Removed:
                _gate.Close("leaving the cluster");
                break;
            default:
                break;
        }
    }

    private void OnSubscribed(LaneEvent.Subscribed subscribed)
    {
        if (IsCurrent(subscribed.Lane))
        {
            _gate.LaneSubscribed(subscribed.Lane.Lane);
        }
    }

    private void OnLinkReady(LaneEvent.LinkReady ready)
    {
        if (IsCurrent(ready.Lane) && _peers.ContainsKey(ready.Peer))
        {
            _gate.LinkReady(ready.Lane.Lane, ready.Peer);
        }
    }

    private void OnRefused(LaneEvent.Refused refused)
    {
        if (_refused.Add(refused.Peer))
        {
            _log.Error("Node {0} is refused: {1}", refused.Peer, refused.Difference);
        }
    }

    private void OnGateTick()
    {
        foreach (var peer in _gate.Expire(Now))
        {
            _log.Error("Node {0} has not answered hellos for {1}: what is published there does not arrive here", peer, _options.HelloTimeout);
        }
    }

    private void StartLane(int lane)
    {
        var identity = new LaneIdentity(lane, _options.Count, unchecked((uint)_cluster.SelfUniqueAddress.Uid), _lanes[lane].NextIncarnation());
        var actor = Context.ActorOf(_laneProps(identity), $"lane-{lane}-{identity.Incarnation}");
        Context.Watch(actor);
        _actors.Add(actor, identity);
        foreach (var (uid, change) in _peers)
        {
            actor.Tell(new LaneSignal.Peer(uid, PeerChange.Seen));
            if (change != PeerChange.Seen)
            {
                actor.Tell(new LaneSignal.Peer(uid, change));
            }
        }

        _lanes[lane].Attach(actor);
        if (_goodbye is not null)
        {
            actor.Tell(LaneSignal.Farewell.Instance);
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        if (!_actors.Remove(terminated.ActorRef, out var identity))
        {
            return;
        }

        _failures.Remove(terminated.ActorRef, out var failure);
        _gate.LaneLost(identity.Lane);
        Report(identity.Lane, failure ?? new InvalidOperationException($"Lane {identity.Lane} was stopped"));

        // A lane that fails at once again must not take the node's time.
        Timers.StartSingleTimer(identity, new Restart(identity.Lane), identity.Incarnation == 1 ? TimeSpan.Zero : RestartDelay);
    }

    private void Report(int lane, Exception failure)
    {
        try
        {
            _failed(lane, failure);
        }
        catch (Exception error)
        {
            _log.Error(error, "The end of lane {0} could not be reported", lane);
        }
    }

    private void OnGoodbye(Goodbye goodbye)
    {
        if (_goodbye is not null)
        {
            _goodbye.Task.ContinueWith(done => goodbye.Done.TrySetResult(done.Result), TaskScheduler.Default);
            return;
        }

        _gate.Close("stopping");
        _goodbye = goodbye.Done;
        Timers.StartSingleTimer(GoodbyeTimeout.Instance, GoodbyeTimeout.Instance, goodbye.Timeout);
        Tell(LaneSignal.Farewell.Instance);
    }

    private void OnFarewellDone(LaneEvent.FarewellDone done)
    {
        if (IsCurrent(done.Lane) && _goodbyes.Add(done.Lane.Lane) && _goodbyes.Count == _options.Count)
        {
            _goodbye?.TrySetResult(true);
        }
    }

    private bool IsCurrent(LaneIdentity lane) => _actors.TryGetValue(Sender, out var identity) && identity == lane;

    private void Tell(object message)
    {
        foreach (var actor in _actors.Keys)
        {
            actor.Tell(message);
        }
    }

    /// <summary>Say goodbye to all peers; completes with true when all that can be reached have acknowledged it.</summary>
    internal sealed record Goodbye(TimeSpan Timeout, TaskCompletionSource<bool> Done) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>What is missing before the cluster may serve.</summary>
    internal sealed record Founding(string Missing) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>The node may serve no longer.</summary>
    internal sealed record CloseGate(string Reason) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>The own fence of a peer that was removed is closed by now.</summary>
    private sealed record Gone(uint Peer) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record Restart(int Lane) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed class GateTick : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly GateTick Instance = new();
    }

    private sealed class GoodbyeTimeout : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly GoodbyeTimeout Instance = new();
    }
}
