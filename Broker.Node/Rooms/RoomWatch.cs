using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>
/// Tells the rooms of this node which nodes are no members any more: one subscription for all of them. Wakes the lobbies then: the lists of one that
/// has ended with all its rooms would name them for ever. Looks whether rooms' code comes back.
/// </summary>
internal sealed class RoomWatch(RoomRuns runs, RoomLobbies lobbies, TimeProvider time) : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly long _limit = (long)(RoomHost.LostTurn.TotalSeconds * time.TimestampFrequency);

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, Interval);
    }

    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        if (message is ClusterEvent.MemberRemoved removed)
        {
            var gone = new RoomActor.NodeRemoved(unchecked((uint)removed.Member.UniqueAddress.Uid));
            foreach (var room in runs.All)
            {
                room.Actor.Tell(gone, ActorRefs.NoSender);
            }

            lobbies.Wake();
        }
        else if (message is Tick)
        {
            foreach (var room in runs.All)
            {
                room.Look(time.GetTimestamp(), _limit);
            }
        }
        else
        {
            Unhandled(message);
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Tick Instance = new();
    }
}
