using System.Diagnostics.CodeAnalysis;
using Akka.Actor;

namespace Broker.Node.Lanes;

/// <summary>
/// Where commands for one lane are posted: a queue, linked so that it takes no room once it is empty, and one actor message per
/// burst (a message each would cost ten times as much). Lives as long as the node; the actor that empties it may be replaced.
/// Posting is thread-safe.
/// </summary>
/// <param name="all">The lanes of the node.</param>
internal sealed class Lane(Lane[] all)
{
    private const int Idle = 0;
    private const int Told = 1;
    private const int Held = 2;

    /// <summary>Newest first.</summary>
    private LaneCommand? _posted;

    /// <summary>Oldest first; the actor's.</summary>
    private LaneCommand? _next;

    /// <summary>Oldest and newest; the actor's.</summary>
    private LeaveCommand? _firstPutOff;
    private LeaveCommand? _lastPutOff;
    private volatile IActorRef _actor = ActorRefs.Nobody;
    private int _state;
    private long _incarnation;
    private long _turns;

    /// <param name="command">Posted once in its life.</param>
    public void Post(LaneCommand command)
    {
        LaneCommand? head;
        do
        {
            head = Volatile.Read(ref _posted);
            command.Next = head;
        }
        while (Interlocked.CompareExchange(ref _posted, command, head) != head);
        Arm();
    }

    /// <summary>Tells the actor once that there is something in the inbox.</summary>
    public void Arm()
    {
        // Also the fence between the queue's write and the read of the flag: without it both sides could miss each other.
        if (Interlocked.CompareExchange(ref _state, Told, Idle) == Idle)
        {
            _actor.Tell(LaneSignal.Drain.Instance);
        }
    }

    /// <summary>How often its actor did something.</summary>
    public long Turns => Volatile.Read(ref _turns);

    /// <summary>The actor's: it does something.</summary>
    public void Turn() => Volatile.Write(ref _turns, _turns + 1);

    public long NextIncarnation() => Interlocked.Increment(ref _incarnation);

    /// <summary>A new actor empties the inbox from now on; it is told at once.</summary>
    public void Attach(IActorRef actor)
    {
        _actor = actor;
        Interlocked.Exchange(ref _state, Told);
        actor.Tell(LaneSignal.Drain.Instance);
    }

    /// <summary>The actor is about to empty the inbox: what is posted from now on tells it again.</summary>
    public void Disarm() => Interlocked.Exchange(ref _state, Idle);

    /// <summary>The actor leaves the inbox as it is for now, and need not be told of what is posted until it disarms.</summary>
    public void Hold() => Interlocked.Exchange(ref _state, Held);

    /// <summary>Another lane of the node has been told and has not begun: it will flush.</summary>
    public bool OthersFollow()
    {
        foreach (var lane in all)
        {
            if (!ReferenceEquals(lane, this) && Volatile.Read(ref lane._state) == Told)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The actor's: the oldest command.</summary>
    public bool TryTake([MaybeNullWhen(false)] out LaneCommand command)
    {
        if (_next is null && Volatile.Read(ref _posted) is not null)
        {
            for (var posted = Interlocked.Exchange(ref _posted, null); posted is not null;)
            {
                (posted.Next, _next, posted) = (_next, posted, posted.Next);
            }
        }

        command = _next;
        _next = command?.Next;
        command?.Next = null;
        return command is not null;
    }

    /// <summary>The actor's: the oldest command that it has put off.</summary>
    public LeaveCommand? FirstPutOff => _firstPutOff;

    /// <summary>The actor's: puts off a command that it has taken.</summary>
    public void PutOff(LeaveCommand command)
    {
        if (_firstPutOff is null)
        {
            _firstPutOff = command;
        }
        else
        {
            _lastPutOff!.Next = command;
        }

        _lastPutOff = command;
    }

    /// <summary>The actor's: the oldest command that was put off is done.</summary>
    public void DropFirstPutOff() => _firstPutOff = (LeaveCommand?)_firstPutOff!.Next;

    /// <summary>The actor's: nothing is posted; what was put off does not count.</summary>
    public bool IsEmpty => _next is null && Volatile.Read(ref _posted) is null;
}
