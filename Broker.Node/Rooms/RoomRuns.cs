using System.Collections.Concurrent;
using Akka.Actor;
using Broker.Node.Lanes;

namespace Broker.Node.Rooms;

/// <summary>The rooms that run on this node: their actors write it, lanes read it. Thread-safe.</summary>
internal sealed class RoomRuns : IRoomRuns
{
    private readonly ConcurrentDictionary<string, IActorRef> _running = new(StringComparer.Ordinal);
    private IActorRef? _region;
    private int _claimed;

    /// <summary>Where rooms are asked for; null: nowhere.</summary>
    public IActorRef? Region
    {
        get => Volatile.Read(ref _region);
        set => Volatile.Write(ref _region, value);
    }

    public int Count => _running.Count;

    /// <summary>Rooms that run here, or are about to.</summary>
    public int Claimed => Volatile.Read(ref _claimed);

    public IEnumerable<IActorRef> All => _running.Values;

    public IActorRef? Find(string room) => _running.GetValueOrDefault(room);

    public void Ask(RoomInput input) => Region?.Tell(input, ActorRefs.NoSender);

    /// <summary>One more is about to run, until <see cref="Release"/>.</summary>
    /// <param name="most">Of all.</param>
    /// <returns>False: there are as many as may be.</returns>
    public bool TryClaim(int most)
    {
        if (Interlocked.Increment(ref _claimed) <= most)
        {
            return true;
        }

        Release();
        return false;
    }

    public void Release() => Interlocked.Decrement(ref _claimed);

    public void Set(string room, IActorRef actor) => _running[room] = actor;

    public void Clear(string room, IActorRef actor) => _running.TryRemove(KeyValuePair.Create(room, actor));
}
