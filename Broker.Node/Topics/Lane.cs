using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;

namespace Broker.Node.Topics;

/// <summary>
/// Where commands for one lane are posted: a queue and one actor message per burst (a message each would cost ten times as
/// much). Lives as long as the node; the actor that empties it may be replaced. Posting is thread-safe.
/// </summary>
internal sealed class Lane
{
    private readonly ConcurrentQueue<LaneCommand> _inbox = new();
    private volatile IActorRef _actor = ActorRefs.Nobody;
    private int _armed;
    private long _incarnation;

    public void Post(LaneCommand command)
    {
        _inbox.Enqueue(command);
        Arm();
    }

    /// <summary>Tells the actor once that there is something in the inbox.</summary>
    public void Arm()
    {
        // Also the fence between the queue's write and the read of the flag: without it both sides could miss each other.
        if (Interlocked.Exchange(ref _armed, 1) == 0)
        {
            _actor.Tell(LaneSignal.Drain.Instance);
        }
    }

    public long NextIncarnation() => Interlocked.Increment(ref _incarnation);

    /// <summary>A new actor empties the inbox from now on; it is told at once.</summary>
    public void Attach(IActorRef actor)
    {
        _actor = actor;
        Interlocked.Exchange(ref _armed, 1);
        actor.Tell(LaneSignal.Drain.Instance);
    }

    /// <summary>The actor is about to empty the inbox: what is posted from now on tells it again.</summary>
    public void Disarm() => Interlocked.Exchange(ref _armed, 0);

    public bool TryTake([MaybeNullWhen(false)] out LaneCommand command) => _inbox.TryDequeue(out command);

    public bool IsEmpty => _inbox.IsEmpty;
}
