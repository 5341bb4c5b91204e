using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace Broker.Node.Hosting;

/// <summary>
/// Watches actors of Akka's that nobody starts again where they end, and without which the node is a member that does not do its part:
/// it would hear nothing of other nodes, or own nothing, or give nobody anything to own.
/// </summary>
internal sealed class AkkaPartsActor : UntypedActor, IWithTimers
{
    /// <summary>Name below the node's actor.</summary>
    public const string Name = "akka-parts";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Action<string> _ended;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly HashSet<string> _missing;

    /// <param name="paths">Of these actors. One that is not there is looked for until it is: shards come later, and their coordinator only where it belongs.</param>
    /// <param name="ended">Told the path of one that has ended while the node is a member that goes on.</param>
    public AkkaPartsActor(IEnumerable<string> paths, Action<string> ended) => (_missing, _ended) = ([.. paths], ended);

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TimeSpan.Zero, Interval);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick: OnTick(); break;
            case ActorIdentity { Subject: { } part, MessageId: string path }: OnFound(path, part); break;
            case ActorIdentity: break;
            case Terminated terminated: OnTerminated(terminated.ActorRef.Path); break;
            default: Unhandled(message); break;
        }
    }

    private void OnTick()
    {
        foreach (var path in _missing)
        {
            Context.ActorSelection(path).Tell(new Identify(path));
        }
    }

    private void OnFound(string path, IActorRef part)
    {
        if (_missing.Remove(path))
        {
            Context.Watch(part);
        }
    }

    private void OnTerminated(ActorPath path)
    {
        // A member that leaves hands over what it coordinates.
        if (_cluster.SelfMember.Status == MemberStatus.Up)
        {
            _ended(path.ToStringWithoutAddress());
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Tick Instance = new();
    }
}
