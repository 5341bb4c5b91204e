using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using Akka.Remote.Transport;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Membership;

/// <summary>
/// How a node finds its cluster beyond Akka's seed nodes: it says what it waits for; it asks seeds that are no members, so that
/// two clusters that should be one find each other; it decides whether a cluster that was founded anew may serve
/// (<see cref="Founding"/>); and it ends the node where another cluster stays or the others have given the node up.
/// </summary>
/// <remarks>
/// States: alone (no other seeds: joins itself, after <see cref="Founding.Quiet"/> where others could be looking for it); waiting
/// (Akka's seed process runs); member; ended. A node that is no member and is asked by one joins it.
/// </remarks>
internal sealed class FormationActor : UntypedActor, IWithTimers
{
    /// <summary>The actor's name; its path is the same on every node.</summary>
    public const string Name = "formation";

    /// <summary>Below Akka's <c>seed-node-timeout</c>: a first seed that comes back is asked before it founds a cluster of its own.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FirstWord = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WordInterval = TimeSpan.FromSeconds(10);

    /// <summary>A cluster that has two members for this long is meant to; a larger one passes through it.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<Address> _seeds;
    private readonly FormationContext _context;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Founding _founding;
    private readonly bool _isNamed;
    private readonly bool _isSurvivor;
    private readonly HashSet<Address> _removed = [];
    private Dictionary<uint, Member> _members = [];
    private TimeSpan _nextAsk;
    private TimeSpan _nextWord = FirstWord;
    private TimeSpan? _joining;
    private TimeSpan? _pairSince;
    private bool _isWarned;
    private bool _isMember;
    private bool _hasFence;
    private bool _isFounded;
    private bool _isEnding;

    /// <param name="options">Seeds, whom they make a majority of, and what happens to a cluster of two.</param>
    /// <param name="context">What it acts on.</param>
    /// <param name="time">Clock.</param>
    public FormationActor(ClusterOptions options, FormationContext context, TimeProvider time)
    {
        _context = context;
        _time = time;
        _started = time.GetTimestamp();
        var self = _cluster.SelfAddress;
        _seeds = [.. options.SeedAddresses(self.System)];
        _isNamed = options.Port != 0;
        _isSurvivor = options.Downing == DowningMode.Survivor;
        _founding = new Founding(_seeds, self, options.RequiredSeeds, _isNamed);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _time.GetElapsedTime(_started);

    private bool IsAlone => _seeds.All(_cluster.SelfAddress.Equals);

    private uint Uid => unchecked((uint)_cluster.SelfUniqueAddress.Uid);

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
        if (_isSurvivor)
        {
            Context.System.EventStream.Subscribe(Self, typeof(AssociationErrorEvent));
        }

        Timers.StartPeriodicTimer(Look.Instance, Look.Instance, TimeSpan.Zero, LookInterval);
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        Context.System.EventStream.Unsubscribe(Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Look: OnLook(); break;
            case Meeting meeting: OnMeeting(meeting); break;
            case MeetingAnswer answer: OnMeetingAnswer(answer); break;
            case Probed probed: OnProbed(probed); break;
            case ServingHeard: OnServingHeard(); break;
            case FenceOpened: OnFenceOpened(); break;
            case ClusterEvent.CurrentClusterState state: OnState(state); break;
            case ClusterEvent.IMemberEvent change: OnMember(change); break;
            case ThisActorSystemQuarantinedEvent quarantined: OnQuarantined(quarantined); break;
            case AssociationErrorEvent error: OnAssociationError(error); break;
            default: Unhandled(message); break;
        }
    }

    private void OnLook()
    {
        if (_isEnding)
        {
            return;
        }

        if (_isMember)
        {
            Ask();
            Decide();
            Warn();
        }
        else if (IsAlone)
        {
            // Nodes that have it as a seed ask it meanwhile, and it joins them.
            if (_joining is null && (!_isNamed || Now >= Founding.Quiet))
            {
                Join(_cluster.SelfAddress);
            }
        }
        else if (Now >= _nextWord)
        {
            _nextWord = Now + WordInterval;
            _context.Waiting(Text(_seeds.Where(seed => !seed.Equals(_cluster.SelfAddress))), Text([_seeds[0]]));
        }
    }

    /// <summary>
    /// Asks those that should be members and are not. Under <see cref="DowningMode.Survivor"/> two nodes that removed each other
    /// may both be running: the one with the higher address asks, finds itself refused as quarantined, and ends.
    /// </summary>
    private void Ask()
    {
        if (Now < _nextAsk)
        {
            return;
        }

        _nextAsk = Now + AskInterval;
        var present = _members.Values.Select(static member => member.Address).ToHashSet();
        foreach (var address in _seeds.Concat(_removed).Distinct().Where(address => !present.Contains(address) && MayAsk(address)))
        {
            _context.Probe(address).PipeTo(Self, success: answer => new Probed(address, answer), failure: _ => new Probed(address, SeedAnswer.Nothing));
        }
    }

    private void OnProbed(Probed probed)
    {
        if (probed.Answer == SeedAnswer.Refuses)
        {
            _founding.Absent(probed.Seed, Now);
            _removed.Remove(probed.Seed);
        }
        else if (probed.Answer == SeedAnswer.Listens && _isMember && !_isEnding)
        {
            var standing = Standing();
            Context.ActorSelection(new RootActorPath(probed.Seed) / Self.Path.Elements)
                .Tell(new Meeting(Uid, standing.Serves, standing.Size, standing.Lowest.ToString()), Self);
        }
    }

    private void OnMeeting(Meeting meeting)
    {
        if (_isEnding || !_isMember)
        {
            Sender.Tell(new MeetingAnswer(Uid, MeetingVerdict.NoCluster), Self);
            if (!_isEnding && !(Now - _joining < JoinPatience))
            {
                Join(Sender.Path.Address);
            }

            return;
        }

        if (_members.ContainsKey(meeting.From))
        {
            Sender.Tell(new MeetingAnswer(Uid, MeetingVerdict.SameCluster), Self);
            return;
        }

        _founding.Asked(Now);
        if (!ActorPath.TryParseAddress(meeting.Lowest, out var lowest))
        {
            _log.Warning("A node at {0} asked what cluster this is, with an address that is none", Sender.Path.Address);
            return;
        }

        if (Standing().Beats(new ClusterStanding(meeting.Serves, meeting.Size, lowest)))
        {
            Sender.Tell(new MeetingAnswer(Uid, MeetingVerdict.End), Self);
            return;
        }

        // Before the answer: from then on the other promises for both.
        var sender = Sender;
        End($"the cluster of {Text([sender.Path.Address])} stays, of {meeting.Size} node(s)");
        sender.Tell(new MeetingAnswer(Uid, MeetingVerdict.Stay), Self);
    }

    private void OnMeetingAnswer(MeetingAnswer answer)
    {
        switch (answer.Verdict)
        {
            case MeetingVerdict.NoCluster:
                _founding.Absent(Sender.Path.Address, Now);
                break;
            case MeetingVerdict.End when !_members.ContainsKey(answer.From):
                End($"the cluster of {Text([Sender.Path.Address])} stays");
                break;
            default:
                break;
        }
    }

    /// <summary>Once: the death of one of two ends the other, if its address is the higher one.</summary>
    private void Warn()
    {
        _pairSince = _members.Count == 2 ? _pairSince ?? Now : null;
        if (!_isWarned && !_isSurvivor && Now - _pairSince >= Settled)
        {
            _isWarned = true;
            _context.Pair();
        }
    }

    private void OnServingHeard()
    {
        _founding.ServingHeard = true;
        Decide();
    }

    private void OnFenceOpened()
    {
        _hasFence = true;
        Decide();
    }

    /// <summary>Decided once: a node that serves goes on until it ends.</summary>
    private void Decide()
    {
        if (_isFounded || !_isMember)
        {
            return;
        }

        var missing = !_hasFence ? "not enough other nodes answer" : _founding.Missing(_members.Values.Select(static member => member.Address).ToHashSet(), Now);
        _isFounded = missing.Length == 0;
        _context.Founding(missing);
    }

    private void OnState(ClusterEvent.CurrentClusterState state)
    {
        _members = state.Members.ToDictionary(static member => unchecked((uint)member.UniqueAddress.Uid));
        if (!_isMember && _members.ContainsKey(Uid))
        {
            // From now on others can find it.
            _isMember = true;
            _founding.Asked(IsAlone ? TimeSpan.Zero : Now);
        }

        _removed.ExceptWith(_members.Values.Select(static member => member.Address));
        Decide();
    }

    private void OnMember(ClusterEvent.IMemberEvent change)
    {
        if (_isSurvivor && change is ClusterEvent.MemberRemoved { PreviousStatus: MemberStatus.Down } removed && !removed.Member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
        {
            _removed.Add(removed.Member.Address);
        }

        _cluster.SendCurrentClusterState(Self);
    }

    private void OnQuarantined(ThisActorSystemQuarantinedEvent quarantined) =>
        End($"{Text([quarantined.RemoteAddress])} has given it up and talks to it no more");

    /// <summary>
    /// The node of two that this one has removed runs, and is the one that was removed and no later one: both have gone on, and
    /// remoting lets neither speak to the other again. Who asks has the higher address, and ends. Akka says it by nothing but text.
    /// </summary>
    private void OnAssociationError(AssociationErrorEvent error)
    {
        if (_removed.Contains(error.RemoteAddress) && error.Cause.GetBaseException() is AkkaProtocolException reason && reason.Message.Contains("quarantined", StringComparison.Ordinal) && MayAsk(error.RemoteAddress))
        {
            End($"{Text([error.RemoteAddress])} was cut off, went on as this node did, and stays");
        }
    }

    private bool MayAsk(Address address) => !_removed.Contains(address) || Member.AddressOrdering.Compare(_cluster.SelfAddress, address) > 0;

    private void End(string reason)
    {
        if (!_isEnding)
        {
            _isEnding = true;
            _context.End(reason);
        }
    }

    private void Join(Address address)
    {
        _joining = Now;
        _context.Join(address);
    }

    private ClusterStanding Standing() =>
        new(_context.Serves(), _members.Count, _members.Values.Select(static member => member.Address).Min(Member.AddressOrdering)!);

    private static string Text(IEnumerable<Address> addresses) => string.Join(", ", addresses.Select(static address => $"{address.Host}:{address.Port}"));

    /// <summary>A member says that it serves clients.</summary>
    internal sealed class ServingHeard : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly ServingHeard Instance = new();
    }

    /// <summary>The fence is open for the first time.</summary>
    internal sealed class FenceOpened : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly FenceOpened Instance = new();
    }

    private sealed record Probed(Address Seed, SeedAnswer Answer) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed class Look : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Look Instance = new();
    }
}
