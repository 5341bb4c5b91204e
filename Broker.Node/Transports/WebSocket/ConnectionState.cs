using Akka.Actor;
using Broker.Node.Connections;

namespace Broker.Node.Transports.WebSocket;

/// <summary>The phase of one connection, which stages, actor and lanes share, and what belongs to a phase. Safe from any thread.</summary>
/// <remarks>
/// One word, read by anybody, written under one gate:
/// <code>
/// from                         to          by               when
/// Handshaking                  Upgraded    handshake stage  a client's request is accepted, before the 101 is queued and the actor is
///                                                           asked for; a request that Kestrel has read, at the connection's making
/// Handshaking                  Open        handshake stage  the same for the echo endpoint, which has no actor
/// Handshaking                  HandedOver  handshake stage  the request is none of the broker's
/// Upgraded                     Open        actor            it has sent its welcome (TryStart): what was kept till then is done
/// Handshaking, Upgraded, Open  Closing     anybody          the first that ends the connection, before the last bytes are queued
/// all but HandedOver           Ended       socket stage     its PostStop, when it has the writer
/// </code>
/// While it is Upgraded, an end by what the peer sent is kept until the actor has sent the welcome, which is the first message on
/// every connection. One that this side closes meanwhile has its actor in Closing: the actor is set, and told of the end, in every
/// phase but Ended and HandedOver. The last call is the timer of Closing: a peer that does not take the last bytes is cut.
/// </remarks>
internal sealed class ConnectionState
{
    private static readonly TimeSpan LastCall = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private volatile ConnectionPhase _phase;
    private IActorRef? _actor;
    private Action? _kept;
    private ITimer? _lastCall;
    private Action? _abort;

    public ConnectionPhase Phase => _phase;

    /// <summary>Null until the actor has started.</summary>
    public IActorRef? Actor => Volatile.Read(ref _actor);

    /// <summary>What was read of a connection that is <see cref="ConnectionPhase.HandedOver"/>. Stages only.</summary>
    public byte[]? HandedOver { get; private set; }

    /// <summary>The request is accepted.</summary>
    /// <param name="hasActor">Whether an actor is about to take messages.</param>
    public void Upgrade(bool hasActor) => TryMove(ConnectionPhase.Handshaking, hasActor ? ConnectionPhase.Upgraded : ConnectionPhase.Open);

    /// <summary>The socket goes on to ASP.NET Core with what was read of it.</summary>
    public void HandOver(byte[] received)
    {
        if (TryMove(ConnectionPhase.Handshaking, ConnectionPhase.HandedOver))
        {
            HandedOver = received;
        }
    }

    /// <returns>False: the connection has ended already.</returns>
    public bool TryStart(IActorRef actor)
    {
        Action? kept;
        lock (_gate)
        {
            if (_phase is ConnectionPhase.Ended or ConnectionPhase.HandedOver)
            {
                return false;
            }

            Volatile.Write(ref _actor, actor);
            _phase = _phase == ConnectionPhase.Upgraded ? ConnectionPhase.Open : _phase;
            (kept, _kept) = (_kept, null);
        }

        kept?.Invoke();
        return true;
    }

    /// <summary>Keeps an end that came too early, for the actor's start. False: it did not.</summary>
    public bool TryKeep(Action end)
    {
        lock (_gate)
        {
            if (_phase != ConnectionPhase.Upgraded)
            {
                return false;
            }

            _kept = end;
            return true;
        }
    }

    /// <summary>Who is being closed already may send what it likes, and is closed once. True: the caller is the one who does.</summary>
    public bool TryBeginClosing(TimeProvider time)
    {
        lock (_gate)
        {
            if (_phase is not (ConnectionPhase.Handshaking or ConnectionPhase.Upgraded or ConnectionPhase.Open))
            {
                return false;
            }

            _phase = ConnectionPhase.Closing;
            _lastCall = time.CreateTimer(static state => ((ConnectionState)state!).Abort(), this, LastCall, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    /// <summary>The socket stage has stopped.</summary>
    public void End()
    {
        lock (_gate)
        {
            _phase = _phase == ConnectionPhase.HandedOver ? _phase : ConnectionPhase.Ended;
            _kept = null;
            _lastCall?.Dispose();
        }

        Tell(ConnectionSignal.Ended);
    }

    /// <summary>Has the socket stage end the connection without another byte.</summary>
    public void Abort() => Volatile.Read(ref _abort)?.Invoke();

    /// <summary>Who does.</summary>
    public void OnAbort(Action abort) => Volatile.Write(ref _abort, abort);

    public void Tell(ConnectionSignal signal) => Actor?.Tell(signal, ActorRefs.NoSender);

    private bool TryMove(ConnectionPhase from, ConnectionPhase to)
    {
        lock (_gate)
        {
            if (_phase != from)
            {
                return false;
            }

            _phase = to;
            return true;
        }
    }
}
