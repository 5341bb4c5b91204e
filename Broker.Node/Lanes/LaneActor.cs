using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Links;
using Broker.Node.Membership;

namespace Broker.Node.Lanes;

/// <summary>
/// The single-threaded owner of one lane's topics on this node: executes what local connections post, sends it to the lane's
/// counterparts on other nodes, and appends what they send.
/// </summary>
/// <remarks>
/// States: taking; stalled (a peer's window is full: the inbox waits, at most <see cref="LaneOptions.SkipAfter"/>); fenced (the
/// node may promise nothing: the inbox waits, at most <see cref="FenceWait"/>); refusing (it has waited as long as that, and what
/// asks for a promise is answered <c>unavailable</c>); leaving (the goodbye is being said, nothing is taken any more). What it does with a burst, local or remote: append all, drain the
/// dirty connections once or leave them to a lane that is about to, then envelopes or the acknowledgement, then the commands'
/// completion.
/// </remarks>
internal sealed class LaneActor : UntypedActor, IWithTimers, ILinkOwner
{
    /// <summary>How long publishes and subscribes wait for the fence to open: longer than it takes the others to decide about a node.</summary>
    public static readonly TimeSpan FenceWait = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FenceLook = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan QuickTick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SlowTick = TimeSpan.FromSeconds(1);

    private readonly LaneIdentity _identity;
    private readonly Lane _lane;
    private readonly ILaneTopics _topics;
    private readonly IActorRef _mediator;
    private readonly LaneOptions _options;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly Fence _fence;
    private readonly LinkSet _links;
    private readonly LanePartitions? _partitions;
    private readonly LaneRooms? _rooms;
    private readonly LaneTurn _turn;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Func<bool> _othersFollow;
    private TimeSpan? _fencedSince;
    private bool _isStalled;
    private bool _isSliceOpen;
    private bool _isTickSlow;
    private bool _isLeaving;
    private bool _hasLeft;
    private bool _isFarewellDone;

    public LaneActor(LaneIdentity identity, Lane lane, Func<int, ILaneTopics> topics, IActorRef mediator, LaneOptions options, TimeProvider time, LinkCounters counters, Fence fence, SequencedOptions? sequenced)
    {
        (_identity, _lane, _topics, _mediator, _options, _time, _fence) = (identity, lane, topics(identity.Lane), mediator, options, time, fence);
        _started = time.GetTimestamp();
        _othersFollow = lane.OthersFollow;
        _links = new LinkSet(identity, new MediatorTransport(mediator, Self), this, options, counters);
        _partitions = sequenced is null ? null : new LanePartitions(identity, sequenced, (ISequencedLogs)_topics, _links, time, () => Now, lane.Post);
        _rooms = sequenced?.Rooms is { } rooms ? new LaneRooms(identity, rooms, (ISequencedLogs)_topics, _links, () => Now) : null;
        _turn = new LaneTurn(lane, _topics, _partitions, _rooms, _links, options.Envelope);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _time.GetElapsedTime(_started);

    private bool IsBusy => _links.IsBusy || _rooms is { IsBusy: true };

    protected override void PreStart()
    {
        _mediator.Tell(new Subscribe(_identity.Topic, Self));
        _isTickSlow = true;
        ScheduleTick();
    }

    protected override void PostStop()
    {
        // However the lane ended: nobody else would ever drain the connections it holds, not even to close them, and nothing
        // that was taken may leave its connection waiting. No lane leaves anything to this one before it has a successor.
        _lane.Hold();
        try
        {
            _topics.Flush();
        }
        finally
        {
            _turn.Complete();
            _partitions?.End();
        }
    }

    protected override void OnReceive(object message)
    {
        _lane.Turn();
        switch (message)
        {
            case LaneSignal.Drain: OnDrain(); break;
            case LinkMessage link: OnLink(link); break;
            case EndOfSlice: OnEndOfSlice(); break;
            case Tick: OnTick(); break;
            case SkipFull: OnSkipFull(); break;
            case LookAtFence: OnDrain(); break;
            case LaneSignal.Peer peer: OnPeer(peer); break;
            case LaneSignal.Farewell: OnFarewell(); break;
            case SubscribeAck: Context.Parent.Tell(new LaneEvent.Subscribed(_identity)); break;
            default: Unhandled(message); break;
        }
    }

    private void OnDrain()
    {
        var isOpen = _fence.IsOpen;
        _partitions?.ReadLeases();
        if (_isStalled || _hasLeft || (!isOpen && !_lane.IsEmpty && MustWait()))
        {
            // Others may have left it their writers.
            _lane.Hold();
            _partitions?.Run();
            _topics.Flush(_othersFollow);
            _links.Send(Now);
            return;
        }

        if (isOpen)
        {
            _fencedSince = null;
        }

        _lane.Disarm();
        _turn.Execute(isOpen);
        RunPartitions();
        _topics.Flush(_othersFollow);
        _links.Send(Now);
        if (isOpen && !_fence.IsOpen)
        {
            // The process stood still, and the others may have shown their clients the gap already. What connections were
            // answered leaves only through ConnectionWriter.MayLeave; the publish API is told here.
            _log.Warning("Lane {0}: this node lost touch with the others in the middle of {1} requests; their outcome is unknown", _identity.Lane, _turn.Taken);
            _turn.Disown();
        }

        _turn.Complete();
        if (!_lane.IsEmpty && _links.Room() <= 0)
        {
            _isStalled = true;
            Timers.StartSingleTimer(SkipFull.Instance, SkipFull.Instance, _options.SkipAfter);
        }
        else if (!_lane.IsEmpty || _lane.FirstPutOff is not null)
        {
            _lane.Arm();
        }

        Hasten();
        ContinueFarewell();
    }

    /// <summary>
    /// The node may promise nothing now. What waits longer than <see cref="FenceWait"/> is refused, and so is everything after it;
    /// a node that stops has no time to wait.
    /// </summary>
    private bool MustWait()
    {
        _fencedSince ??= Now;
        if (_isLeaving || Now - _fencedSince >= FenceWait)
        {
            return false;
        }

        // Nobody tells the lane when it opens: a wake-up at the wrong moment could be lost, a look cannot.
        Timers.StartSingleTimer(LookAtFence.Instance, LookAtFence.Instance, FenceLook);
        return true;
    }

    private void OnSkipFull()
    {
        foreach (var peer in _links.SkipFull(Now))
        {
            _log.Warning("Lane {0}: node {1} did not take its share for {2} and is skipped", _identity.Lane, peer, _options.SkipAfter);
        }

        Resume();
    }

    // A window has room again, or does not count any more.
    private void Resume()
    {
        if (_isStalled && _links.Room() > 0)
        {
            _isStalled = false;
            Timers.Cancel(SkipFull.Instance);
            OnDrain();
        }
    }

    private void OnLink(LinkMessage message)
    {
        if (!_links.Take(message, Sender, Now))
        {
            return;
        }

        Resume();
        switch (message)
        {
            case LinkAck: ContinueFarewell(); break;
            case LinkResend: break;
            default: OpenSlice(); break;
        }
    }

    // One message at the end of what lies in the mailbox now: one flush and one acknowledgement for all of it.
    private void OpenSlice()
    {
        if (!_isSliceOpen)
        {
            _isSliceOpen = true;
            Self.Tell(EndOfSlice.Instance);
        }
    }

    bool ILinkOwner.OnEntry(uint peer, LinkKind link, in EnvelopeEntry entry)
    {
        if (link == LinkKind.Owned)
        {
            return entry.Kind == EntryKind.Room ? _rooms?.Receive(peer, entry) == true : _partitions?.Receive(peer, entry) == true;
        }

        if (entry.Kind != EntryKind.Publish)
        {
            return false;
        }

        _topics.AppendRemote(entry.Topic, new LogEntry(entry.Payload, entry.Format) { Time = entry.Time });
        return true;
    }

    void ILinkOwner.OnGap(uint peer, LinkKind link)
    {
        if (link == LinkKind.Broadcast)
        {
            _topics.AppendGap();
        }
        else
        {
            _partitions?.OnGap();
            _rooms?.OnGap(peer);
        }
    }

    void ILinkOwner.OnMet(uint peer, long incarnation) => _partitions?.OnMet(peer, incarnation);

    void ILinkOwner.OnReady(uint peer, LinkKind link)
    {
        if (link == LinkKind.Broadcast)
        {
            Context.Parent.Tell(new LaneEvent.LinkReady(_identity, peer));
        }
    }

    void ILinkOwner.OnRefused(uint peer, string difference) => Context.Parent.Tell(new LaneEvent.Refused(peer, difference));

    void ILinkOwner.OnMalformed(uint peer, long number) => _log.Error("Lane {0}: envelope {1} of node {2} is malformed", _identity.Lane, number, peer);

    private void OnEndOfSlice()
    {
        _isSliceOpen = false;
        RunPartitions();
        _topics.Flush(_othersFollow);
        _links.SendAcks(all: false);
        _links.Send(Now);
        Hasten();
        ContinueFarewell();
    }

    /// <summary>What others wait for before anybody sees anything goes before the writes to clients here, which take as long.</summary>
    private void RunPartitions()
    {
        if (_partitions is not null)
        {
            _partitions.Run();
            _links.SendOwned(Now);
        }
    }

    private void OnPeer(LaneSignal.Peer peer)
    {
        switch (peer.Change)
        {
            case PeerChange.Seen: _links.See(peer.Uid); break;
            case PeerChange.Reachable: _links.Reachable(peer.Uid, Now); break;
            case PeerChange.Unreachable: _links.Unreachable(peer.Uid); break;
            case PeerChange.Leaving or PeerChange.Down: _links.Depart(peer.Uid); break;
            default: _links.Remove(peer.Uid); break;
        }

        OnMember(peer);
        _links.Tick(Now);
        Resume();
        Hasten();
        ContinueFarewell();
    }

    /// <summary>Who joins does not serve yet, and holds nothing; who was downed hands nothing over, and counts until it is removed.</summary>
    private void OnMember(LaneSignal.Peer peer)
    {
        switch (peer.Change)
        {
            case PeerChange.Seen or PeerChange.Down:
                return;
            case PeerChange.Reachable or PeerChange.Unreachable:
                _partitions?.OnPeer(peer.Uid, _links.IncarnationOf(peer.Uid));
                break;
            case PeerChange.Leaving:
                _partitions?.OnPeerLeaving(peer.Uid);
                break;
            default:
                _partitions?.OnPeerRemoved(peer.Uid);
                _rooms?.OnPeerRemoved(peer.Uid);
                break;
        }

        _partitions?.Run();
        _topics.Flush(_othersFollow);
        _links.Send(Now);
    }

    private void OnFarewell()
    {
        _isLeaving = true;
        _partitions?.BeginLeave();
        OnDrain();
        ContinueFarewell();
    }

    private void ContinueFarewell()
    {
        if (!_isLeaving || _isFarewellDone)
        {
            return;
        }

        if (!_hasLeft && _lane.IsEmpty && _partitions?.HasLeft != false)
        {
            _hasLeft = true;
            _links.Leave();
            _links.Tick(Now);
            Hasten();
        }

        if (_hasLeft && _links.IsFarewellDone)
        {
            _isFarewellDone = true;
            Context.Parent.Tell(new LaneEvent.FarewellDone(_identity));
        }
    }

    private void OnTick()
    {
        if (!_isSliceOpen)
        {
            _links.SendAcks(all: true);
        }

        _topics.Recount();
        _partitions?.Tick();
        _rooms?.Tick();
        _topics.Flush(_othersFollow);
        _links.Send(Now);
        _links.Tick(Now);
        ContinueFarewell();
        ScheduleTick();
    }

    private void ScheduleTick()
    {
        _isTickSlow = !IsBusy;
        Timers.StartSingleTimer(Tick.Instance, Tick.Instance, _isTickSlow ? SlowTick : QuickTick);
    }

    // Something is under way now: do not let it wait for the slow tick.
    private void Hasten()
    {
        if (_isTickSlow && IsBusy)
        {
            ScheduleTick();
        }
    }

    private sealed class EndOfSlice : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly EndOfSlice Instance = new();
    }

    private sealed class Tick : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Tick Instance = new();
    }

    private sealed class LookAtFence : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly LookAtFence Instance = new();
    }

    private sealed class SkipFull : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly SkipFull Instance = new();
    }
}
