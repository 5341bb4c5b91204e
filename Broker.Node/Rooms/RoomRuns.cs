using System.Collections.Concurrent;
using Akka.Actor;
using Broker.Node.Lanes;

namespace Broker.Node.Rooms;

/// <summary>The rooms that run on this node: their actors write it, lanes read it. Thread-safe.</summary>
internal sealed class RoomRuns : IRoomRuns
{
    private readonly ConcurrentDictionary<string, RoomTurn> _running = new(StringComparer.Ordinal);
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

    public IEnumerable<RoomTurn> All => _running.Values;

    public IActorRef? Find(string room) => _running.GetValueOrDefault(room)?.Actor;

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

    public void Set(string room, RoomTurn turn) => _running[room] = turn;

    public void Clear(string room, RoomTurn turn) => _running.TryRemove(KeyValuePair.Create(room, turn));
}
