using Akka.Actor;
using Akka.Cluster;

namespace Broker.Node.Rooms;

/// <summary>
/// Tells the rooms of this node which nodes are no members any more: one subscription for all of them. Wakes the lobbies then: the lists of one that
/// has ended with all its rooms would name them for ever.
/// </summary>
internal sealed class RoomMembers(RoomRuns runs, RoomLobbies lobbies) : UntypedActor
{
    protected override void PreStart() =>
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));

    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        if (message is ClusterEvent.MemberRemoved removed)
        {
            var gone = new RoomActor.NodeRemoved(unchecked((uint)removed.Member.UniqueAddress.Uid));
            foreach (var room in runs.All)
            {
                room.Tell(gone, ActorRefs.NoSender);
            }

            lobbies.Wake();
        }
        else
        {
            Unhandled(message);
        }
    }
}
