using Akka.Actor;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Wire;

namespace Broker.Node.Transports.Sessions;

/// <summary>
/// A client that sends by requests and receives by responses: the same actor, writer, logs and cursors as for a WebSocket, with an
/// <see cref="ISessionOutlet"/> in the place of the socket. Safe from any thread.
/// </summary>
/// <remarks>
/// It is the stage of its <see cref="ConnectionWriter"/>: where the outlet takes no more, the writer is handed back, and <see cref="Pump"/>
/// goes on when the outlet has room. <see cref="ConnectionState"/> has its phases; it begins as Upgraded.
/// </remarks>
internal sealed class HttpSession : IClientTransport, IWriterObserver, IBatchOwner, IHeldConnection
{
    /// <summary>Number of what is posted for the client before its own first post.</summary>
    public const long PostForClient = 0;

    /// <summary>Number of the client's first post.</summary>
    public const long FirstPost = 1;

    private readonly Lock _gate = new();
    private readonly WebSocketServices _services;
    private readonly ISessionOutlet _outlet;
    private readonly IDisposable? _place;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private InboundFlow _inbound;
    private HeldBytes _held;
    private long _lastRequest;
    private bool _isBehind;
    private bool _hasEnded;

    /// <param name="request">What the client asked for; has the session's name.</param>
    /// <param name="firstPost">Its number.</param>
    /// <param name="place">Among the connections of the client's address; null: it has one.</param>
    /// <param name="services">Shared by all connections.</param>
    /// <param name="outlet">Made for the session, which calls what it is given when there is room again.</param>
    public HttpSession(UpgradedRequest request, long firstPost, IDisposable? place, WebSocketServices services, Func<HttpSession, ISessionOutlet> outlet)
    {
        (Id, Request, _place, _services) = (services.Open.NextId(), request, place, services);
        _lastRequest = services.Time.GetTimestamp();
        _inbound = new InboundFlow(services.Limits.UnauthenticatedMessage);
        Posts = new PostOrder(firstPost, TryTake, () => State.Phase is not (ConnectionPhase.Upgraded or ConnectionPhase.Open), services.Time);
        _inbound.OnResume(Posts.Signal);
        State.Upgrade(hasActor: true);
        State.OnAbort(EndSoon);
        Writer = new ConnectionWriter(Id) { Framing = LengthFraming.Instance, Observer = this };
        _outlet = outlet(this);
        Writer.Attach(_outlet, PumpSoon);
    }

    public long Id { get; }

    public UpgradedRequest Request { get; }

    UpgradedRequest? IClientTransport.Request => Request;

    public ConnectionWriter Writer { get; }

    /// <summary>What the client has sent, in its order.</summary>
    private PostOrder Posts { get; }

    public ISessionOutlet Outlet => _outlet;

    public ConnectionState State { get; } = new();

    public string EndDetail { get; set; } = "";

    public TimeSpan LongestSilence => _outlet.LongestSilence;

    public long LastReceived
    {
        get
        {
            if (_outlet.IsHeard())
            {
                Heard();
            }

            return Volatile.Read(ref _lastRequest);
        }
    }

    /// <summary>A message comes whole or not at all: Kestrel has bounds for bodies that come slowly.</summary>
    public long MessageBegun => 0;

    public bool ReadingHeld => _inbound.IsHeld;

    public bool IsBehind => Volatile.Read(ref _isBehind);

    public int InFlight => _inbound.InFlight;

    public int MessageLimit => _inbound.MessageLimit;

    public bool OneByOne => _inbound.OneByOne;

    public long Held => _held.Count;

    /// <summary>Completes when the session has ended.</summary>
    public Task Ended => _ended.Task;

    public OutputProgress Output
    {
        get
        {
            var (flushed, gathered) = (Writer.Flushed, Writer.Gathered);
            var isWritten = flushed == gathered && !IsBehind && Writer.ControlLength == 0;
            return _outlet.Taken is { } taken ? taken with { IsEmpty = taken.IsEmpty && isWritten } : new OutputProgress(flushed, isWritten);
        }
    }

    /// <summary>The client has asked something: it is there.</summary>
    public void Heard() => Volatile.Write(ref _lastRequest, _services.Time.GetTimestamp());

    public bool TryStart(IActorRef actor)
    {
        var isStarted = State.TryStart(actor);
        Posts.Signal();
        return isStarted;
    }

    public void Admit(int messageLimit)
    {
        _inbound.Admit(messageLimit);
        Posts.Signal();
    }

    public void Ping() => _outlet.Ping();

    /// <inheritdoc cref="PostOrder.PostAsync"/>
    public async Task<SessionAnswer> PostAsync(long number, ReadOnlyMemory<byte> body, CancellationToken gone)
    {
        Hold(body.Length);
        try
        {
            return await Posts.PostAsync(number, body, gone);
        }
        finally
        {
            Hold(-body.Length);
        }
    }

    public void Close(DisconnectReason reason, TimeSpan after)
    {
        if (State.TryBeginClosing(_services.Time))
        {
            Count(reason);
            var message = MessageBuffer.OfThread;
            Writer.Framing.Codec.Write(message, new DisconnectingMessage(reason, (long)after.TotalMilliseconds));
            Writer.Finish(Writer.Framing.Frame(message));
            State.Tell(ConnectionSignal.Closing);
            Posts.Signal();
        }
    }

    public void Cut()
    {
        if (State.TryBeginClosing(_services.Time))
        {
            _services.Metrics.Cut();
            _services.Log.Cut(Id, Request.Remote);
        }

        Abort();
    }

    public void Abort() => State.Abort();

    /// <summary>So many bytes more are kept for its client by its outlet, or less.</summary>
    public void Hold(int bytes) => _held.Add(bytes, _services.Open);

    public void OnTaken(int bytes)
    {
        Add(-bytes);
        ResumeReading();
    }

    public void Shed()
    {
        _held.Shed(_services.Open);
        ThreadPool.UnsafeQueueUserWorkItem(static session => session.Close(DisconnectReasons.Overloaded, TimeSpan.Zero), this, preferLocal: false);
    }

    /// <summary>Has the writer go on, on the thread pool: the outlet has room.</summary>
    public void PumpSoon() => ThreadPool.UnsafeQueueUserWorkItem(static session => session.Pump(), this, preferLocal: false);

    /// <summary>Writes while there is room and something to write, then parks the writer.</summary>
    public void Pump()
    {
        lock (_gate)
        {
            if (_hasEnded || Writer.State != WriterState.Stage)
            {
                return;
            }

            if (Writer.Broken)
            {
                End(isComplete: false);
                return;
            }

            do
            {
                while (Writer.Gather())
                {
                    if (!Writer.MayLeave())
                    {
                        return;
                    }

                    if (_outlet.TrySend(Writer.Chunk) == 0)
                    {
                        Writer.KeepChunk();
                        Behind();
                        return;
                    }

                    Writer.Written();
                }

                Volatile.Write(ref _isBehind, false);
                if (Writer.Finished)
                {
                    End(isComplete: true);
                    return;
                }
            }
            while (!Writer.TryPark());
        }
    }

    void IWriterObserver.Overrun() => State.Tell(ConnectionSignal.Overrun);

    void IWriterObserver.ControlDrained() => ResumeReading();

    void IWriterObserver.Disown()
    {
        if (State.TryBeginClosing(_services.Time))
        {
            Count(DisconnectReasons.Restart);
        }

        Abort();
    }

    void IWriterObserver.Failed(Exception error) => _services.Log.Failed(Id, Request.Remote, error);

    /// <returns>False: there is no room, or the actor is being started.</returns>
    private bool TryTake(ReadOnlyMemory<byte> message)
    {
        if (State.Actor is not { } actor || !_inbound.MayRead(Writer, _services.Limits.Inbound))
        {
            return false;
        }

        var batch = new MessageBatch(this);
        batch.Add(message.Span);
        Add(batch.Length);
        actor.Tell(batch, ActorRefs.NoSender);
        return true;
    }

    private void Count(DisconnectReason reason)
    {
        _services.Metrics.Closed(reason);
        _services.Log.Closed(Id, Request.Remote, reason, EndDetail.Length == 0 ? MetricNames.Of(_outlet.Kind) : $"{MetricNames.Of(_outlet.Kind)}: {EndDetail}");
    }

    private void Behind()
    {
        Writer.IsBehind = true;
        if (!Volatile.Read(ref _isBehind))
        {
            Volatile.Write(ref _isBehind, true);
            State.Tell(ConnectionSignal.Behind);
        }
    }

    private void Add(int bytes) => Hold(_inbound.Add(bytes));

    private void ResumeReading()
    {
        if (_inbound.TryLetGo(Writer, _services.Limits.Inbound))
        {
            Heard();
            _inbound.Resume();
        }
    }

    /// <summary>Not here: the caller may be in the middle of draining the writer.</summary>
    private void EndSoon() => ThreadPool.UnsafeQueueUserWorkItem(
        static session =>
        {
            lock (session._gate)
            {
                session.End(isComplete: false);
            }
        },
        this,
        preferLocal: false);

    private void End(bool isComplete)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        Writer.Stop();
        _outlet.End(isComplete);
        _held.Release(_services.Open);
        _services.Open.Remove(this);
        _services.Metrics.Ended(_outlet.Kind);
        _place?.Dispose();
        State.End();
        Posts.Signal();
        _ended.TrySetResult();
    }
}
