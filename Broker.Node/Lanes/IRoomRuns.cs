using Akka.Actor;

namespace Broker.Node.Lanes;

/// <summary>The rooms that run on this node, and the way to those of which it is not known where they run. Thread-safe.</summary>
internal interface IRoomRuns
{
    /// <summary>Takes <see cref="RoomInput"/>s; null: the room does not run here.</summary>
    IActorRef? Find(string room);

    /// <summary>By the shard region, which may lose it: somebody runs the room from then on.</summary>
    void Ask(RoomInput input);
}
