using Akka.Actor;
using Akka.Event;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// Parent of all connections of a node: starts them, closes them all for a drain or after a lane's failure, and has them look at
/// the ends of their tokens when the wall clock was set.
/// </summary>
internal sealed class ConnectionsActor : ReceiveActor
{
    private static readonly TimeSpan ClockInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainTick = TimeSpan.FromMilliseconds(50);

    /// <summary>What wall clock and monotonic clock may part in a second without having been set.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(200);

    private readonly ConnectionServices _services;
    private readonly ITimer _clockWatch;
    private readonly List<TaskCompletionSource> _waiting = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Queue<IActorRef>? _draining;
    private ITimer? _timer;
    private DateTimeOffset _wall;
    private long _timestamp;

    public ConnectionsActor(ConnectionServices services)
    {
        _services = services;
        Receive<IClientTransport>(OnConnection);
        Receive<DrainAll>(OnDrain);
        Receive<DisconnectAll>(OnDisconnectAll);
        Receive<DrainStep>(OnDrainStep);
        Receive<ClockTick>(_ => OnClockTick());
        Receive<Terminated>(_ => TellIfEmpty());
        (_wall, _timestamp) = (services.Time.GetUtcNow(), services.Time.GetTimestamp());
        var self = Self;
        _clockWatch = services.Time.CreateTimer(_ => self.Tell(ClockTick.Instance, ActorRefs.NoSender), null, ClockInterval, ClockInterval);
    }

    protected override void PostStop()
    {
        _timer?.Dispose();
        _clockWatch.Dispose();
    }

    /// <summary>A failed connection ends; a new one would have lost its client's state.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(e =>
    {
        _log.Error(e, "A connection failed");
        return Directive.Stop;
    });

    private void OnConnection(IClientTransport connection)
    {
        var actor = Context.ActorOf(Props.CreateBy(new Producer(connection, _services)));
        Context.Watch(actor);
        if (_draining is not null)
        {
            actor.Tell(new Disconnect(DisconnectReasons.Restart, TimeSpan.Zero));
        }
    }

    private void OnDrain(DrainAll command)
    {
        _waiting.Add(command.Done);
        _draining ??= new Queue<IActorRef>(Context.GetChildren());

        // A second one finds the rest: who drains at leisure and is then told to leave does not go on at leisure.
        _timer?.Dispose();
        var step = new DrainStep((int)Math.Ceiling(_draining.Count * DrainTick / Max(command.Time, DrainTick)));
        var self = Self;
        _timer = _services.Time.CreateTimer(_ => self.Tell(step, ActorRefs.NoSender), null, TimeSpan.Zero, DrainTick);
        TellIfEmpty();
    }

    private void OnDrainStep(DrainStep step)
    {
        for (var i = 0; i < step.Count && _draining!.TryDequeue(out var connection); i++)
        {
            // Spread, so that the nodes they go to are not stormed.
            connection.Tell(new Disconnect(DisconnectReasons.Restart, TimeSpan.FromMilliseconds(Random.Shared.Next(1000))));
        }
    }

    private void OnDisconnectAll(DisconnectAll command)
    {
        foreach (var connection in Context.GetChildren())
        {
            connection.Tell(new Disconnect(command.Reason, TimeSpan.FromMilliseconds(Random.Shared.Next(1000))));
        }
    }

    /// <summary>A connection's timer counts on a clock that nobody sets; when a token ends, the wall clock says.</summary>
    private void OnClockTick()
    {
        var (wall, timestamp) = (_services.Time.GetUtcNow(), _services.Time.GetTimestamp());
        var drift = wall - _wall - _services.Time.GetElapsedTime(_timestamp, timestamp);
        (_wall, _timestamp) = (wall, timestamp);
        if (drift.Duration() > ClockTolerance)
        {
            foreach (var connection in Context.GetChildren())
            {
                connection.Tell(ClockSet.Instance);
            }
        }
    }

    private void TellIfEmpty()
    {
        if (_draining is not null && !Context.GetChildren().Any())
        {
            _waiting.ForEach(static done => done.TrySetResult());
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>Closes every connection with 1012, spread over a time, and every later one at once.</summary>
    /// <param name="Time">Over which the closes are spread.</param>
    /// <param name="Done">Set when no connection is left.</param>
    public sealed record DrainAll(TimeSpan Time, TaskCompletionSource Done) : INoSerializationVerificationNeeded;

    /// <summary>Closes every connection now.</summary>
    public sealed record DisconnectAll(DisconnectReason Reason) : INoSerializationVerificationNeeded;

    /// <summary>The wall clock was set: what ends at a time may have ended.</summary>
    public sealed class ClockSet : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly ClockSet Instance = new();
    }

    private sealed class ClockTick : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly ClockTick Instance = new();
    }

    private sealed record DrainStep(int Count) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Makes actors without the reflection of an expression.</summary>
    private sealed class Producer(IClientTransport connection, ConnectionServices services) : IIndirectActorProducer
    {
        public Type ActorType => typeof(ConnectionActor);

        public ActorBase Produce()
        {
            try
            {
                return new ConnectionActor(connection, services);
            }
            catch
            {
                // It has no PostStop that would end its connection.
                connection.Abort();
                throw;
            }
        }

        public void Release(ActorBase actor)
        {
        }
    }
}
