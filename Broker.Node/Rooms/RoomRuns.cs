using System.Collections.Concurrent;
using Akka.Actor;
using Broker.Node.Lanes;

namespace Broker.Node.Rooms;

/// <summary>The rooms that run on this node: their actors write it, lanes read it. Thread-safe.</summary>
internal sealed class RoomRuns : IRoomRuns
{
    private readonly ConcurrentDictionary<string, IActorRef> _running = new(StringComparer.Ordinal);
    private IActorRef? _region;

    /// <summary>Where rooms are asked for; null: nowhere.</summary>
    public IActorRef? Region
    {
        get => Volatile.Read(ref _region);
        set => Volatile.Write(ref _region, value);
    }

    public int Count => _running.Count;

    public IEnumerable<IActorRef> All => _running.Values;

    public IActorRef? Find(string room) => _running.GetValueOrDefault(room);

    public void Ask(RoomInput input) => Region?.Tell(input, ActorRefs.NoSender);

    public void Set(string room, IActorRef actor) => _running[room] = actor;

    public void Clear(string room, IActorRef actor) => _running.TryRemove(KeyValuePair.Create(room, actor));
}
