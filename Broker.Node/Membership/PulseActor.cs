using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Membership;

/// <summary>
/// Sends a numbered pulse to every member four times a second, answers those of others, and keeps the <see cref="Fence"/>.
/// Suspicion is no reason not to answer; seeing the sender Down, Exiting or removed is.
/// </summary>
internal sealed class PulseActor : UntypedActor, IWithTimers
{
    /// <summary>The actor's name; its path is the same on every node.</summary>
    public const string Name = "pulse";

    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Fence _fence;
    private readonly DowningMode _mode;
    private readonly TimeProvider _time;
    private readonly Func<bool> _serves;
    private readonly Action _opened;
    private readonly Action _servingHeard;
    private readonly PulseBook _book;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<uint, Peer> _peers = [];
    private Member? _self;
    private bool _wasOpen;

    /// <param name="fence">Kept open while enough members answer.</param>
    /// <param name="mode">How members are counted.</param>
    /// <param name="time">Clock of pulses and fence.</param>
    /// <param name="serves">Whether this node serves clients; told to the others.</param>
    /// <param name="opened">The fence is open for the first time.</param>
    /// <param name="servingHeard">A member says that it serves clients; called again and again.</param>
    public PulseActor(Fence fence, DowningMode mode, TimeProvider time, Func<bool> serves, Action opened, Action servingHeard)
    {
        (_fence, _mode, _time, _serves, _opened, _servingHeard) = (fence, mode, time, serves, opened, servingHeard);
        _book = new PulseBook(time);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private uint Uid => unchecked((uint)_cluster.SelfUniqueAddress.Uid);

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TimeSpan.Zero, Interval);
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _fence.Close();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Pulse pulse: OnPulse(pulse); break;
            case PulseAnswer answer: OnAnswer(answer); break;
            case Tick: OnTick(); break;
            case ClusterEvent.CurrentClusterState state: OnState(state); break;
            case ClusterEvent.IMemberEvent change: OnMember(change.Member); break;
            default: Unhandled(message); break;
        }
    }

    private void OnTick()
    {
        var pulse = NextPulse();
        foreach (var peer in _peers.Values)
        {
            if (IsPresent(peer.Member.Status))
            {
                peer.Actor.Tell(pulse, Self);
            }
        }

        Evaluate();
    }

    private Pulse NextPulse() => new(Uid, _book.Send(), _serves());

    private void OnPulse(Pulse pulse)
    {
        if (_peers.TryGetValue(pulse.From, out var peer) && IsPresent(peer.Member.Status))
        {
            _fence.Answering(pulse.From);
            Sender.Tell(new PulseAnswer(Uid, pulse.Number, _serves()), Self);
            Hear(pulse.Serves);
        }
    }

    private void OnAnswer(PulseAnswer answer)
    {
        if (_peers.ContainsKey(answer.From) && _book.Answered(answer.From, answer.Number))
        {
            Evaluate();
            Hear(answer.Serves);
        }
    }

    private void Hear(bool serves)
    {
        if (serves)
        {
            _servingHeard();
        }
    }

    private void OnState(ClusterEvent.CurrentClusterState state)
    {
        foreach (var member in state.Members)
        {
            OnMember(member);
        }
    }

    private void OnMember(Member member)
    {
        if (member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
        {
            _self = member;
        }
        else if (member.Status == MemberStatus.Removed)
        {
            var uid = unchecked((uint)member.UniqueAddress.Uid);
            _peers.Remove(uid);
            _book.Forget(uid);
        }
        else
        {
            var uid = unchecked((uint)member.UniqueAddress.Uid);
            var known = _peers.GetValueOrDefault(uid);
            var peer = new Peer(member, known?.Actor ?? Context.ActorSelection(new RootActorPath(member.Address) / Self.Path.Elements));
            _peers[uid] = peer;
            if (known is null && IsPresent(member.Status))
            {
                // It counts as silent until it has answered; many at once would close the fence until the next tick.
                peer.Actor.Tell(NextPulse(), Self);
            }
        }

        Evaluate();
    }

    private void Evaluate()
    {
        var voters = new List<Voter>(_peers.Count + 1);
        if (_self is { } self)
        {
            voters.Add(new Voter(self.Address, self.Status, IsSelf: true, 0));
        }

        foreach (var (uid, peer) in _peers)
        {
            voters.Add(new Voter(peer.Member.Address, peer.Member.Status, IsSelf: false, _book.AnsweredUntil(uid)));
        }

        _fence.Open(FenceCount.OpenUntil(voters, _mode, _time.GetTimestamp()));
        if (!_wasOpen && _fence.IsOpen)
        {
            _wasOpen = true;
            _opened();
        }
    }

    private static bool IsPresent(MemberStatus status) => status is not (MemberStatus.Down or MemberStatus.Exiting or MemberStatus.Removed);

    private sealed record Peer(Member Member, ActorSelection Actor);

    private sealed class Tick : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Tick Instance = new();
    }
}
