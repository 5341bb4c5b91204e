using Akka.Actor;

namespace Broker.Node.Rooms;

/// <summary>Whether the code of a room that runs here comes back: its actor says when a turn begins and ends, the node looks. Thread-safe.</summary>
/// <param name="actor">The room's.</param>
/// <param name="lost">Says in the actor's place that the room is given up; called once, by another thread than the actor's, which does not return.</param>
internal sealed class RoomTurn(IActorRef actor, Action lost)
{
    /// <summary>Timestamp; 0: no turn is under way.</summary>
    private long _begun;
    private bool _isLost;

    public IActorRef Actor => actor;

    /// <param name="now">Timestamp, not 0.</param>
    public void Begin(long now) => Volatile.Write(ref _begun, now);

    public void End() => Volatile.Write(ref _begun, 0);

    /// <summary>Gives the room up where its turn has lasted too long. Asked by one thread at a time.</summary>
    /// <param name="now">Timestamp.</param>
    /// <param name="limit">In timestamps.</param>
    public void Look(long now, long limit)
    {
        if (!_isLost && Volatile.Read(ref _begun) is not 0 and var begun && now - begun >= limit)
        {
            _isLost = true;
            lost();
        }
    }
}
