using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace Broker.Node.Membership;

/// <summary>
/// Runs the split brain resolver as its child while the cluster has three members or more. While it has two, downs the other one
/// when it has been unreachable, and nothing else has changed, for as long as the resolver would wait.
/// </summary>
/// <remarks>Members that are Down or Exiting are on their way out and are not counted.</remarks>
/// <param name="majority">Makes the split brain resolver.</param>
/// <param name="stableAfter">Time without a change before the other is downed.</param>
internal sealed class SurvivorDowningActor(Props majority, TimeSpan stableAfter) : UntypedActor, IWithTimers
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IActorRef? _resolver;
    private UniqueAddress? _suspect;

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() =>
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.CurrentClusterState state: OnState(state); break;
            case ClusterEvent.IMemberEvent or ClusterEvent.IReachabilityEvent: _cluster.SendCurrentClusterState(Self); break;
            case Decide: OnDecide(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnState(ClusterEvent.CurrentClusterState state)
    {
        var others = state.Members
            .Where(member => member.Status is not (MemberStatus.Down or MemberStatus.Exiting or MemberStatus.Removed) && !member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
            .ToList();
        if (others.Count > 1)
        {
            _resolver ??= Context.ActorOf(majority);
        }
        else if (_resolver is not null)
        {
            Context.Stop(_resolver);
            _resolver = null;
        }

        var suspect = others.Count == 1 && state.Unreachable.Contains(others[0]) ? others[0].UniqueAddress : null;
        if (suspect is null)
        {
            Timers.Cancel(Decide.Instance);
        }
        else if (!suspect.Equals(_suspect))
        {
            Timers.StartSingleTimer(Decide.Instance, Decide.Instance, stableAfter);
        }

        _suspect = suspect;
    }

    private void OnDecide()
    {
        if (_suspect is { } suspect)
        {
            _log.Warning("Node {0} of two has been unreachable for {1}: this one goes on alone", suspect.Address, stableAfter);
            _cluster.Down(suspect.Address);
        }
    }

    private sealed class Decide : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Decide Instance = new();
    }
}
