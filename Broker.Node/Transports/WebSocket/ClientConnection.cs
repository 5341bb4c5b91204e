using Akka.Actor;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Protocol.Wire;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// What the stages of one connection's graph, its actor and the lanes share of it. Everything here is safe from any thread
/// unless said; state that has one owner lives with the owner.
/// </summary>
internal sealed class ClientConnection : IWebSocketPeer, IClientTransport
{
    /// <summary>So far below zero that nothing which is still added or taken brings it near.</summary>
    private const long Released = long.MinValue / 2;

    private static readonly TimeSpan LastCall = TimeSpan.FromSeconds(2);

    private static readonly byte[] PingFrame = [0x89, 0x00];

    private readonly PipelineServices _services;
    private readonly Lock _gate = new();
    private IActorRef? _actor;
    private ITimer? _lastCall;
    private bool _ended;
    private Action? _early;
    private Action? _resume;
    private Action? _abort;
    private int _inFlight;
    private int _readingHeld;
    private int _kept;
    private long _heldBytes;
    private bool _shed;
    private int _behind;
    private int _messageLimit;
    private bool _admitted;
    private long _lastReceived;
    private long _pinged;
    private long _messageBegun;

    public ClientConnection(long id, AcceptedConnection transport, PipelineServices services)
    {
        Id = id;
        Transport = transport;
        _services = services;
        Writer = new ConnectionWriter(id);
        Request = transport.Upgraded;
        _messageLimit = services.Limits.UnauthenticatedMessage;
        _lastReceived = services.Time.GetTimestamp();
        Writer.Observe(onOverrun: () => Signal(ConnectionSignal.Overrun), controlDrained: ResumeReading, held: Hold, disowned: Disown, failed: OnWriterFailed);
    }

    public long Id { get; }

    public AcceptedConnection Transport { get; }

    public ConnectionWriter Writer { get; }

    public WebSocketLimits Limits => Endpoint?.Limits ?? _services.FormatLimits.Of(Request!.Format);

    public DeflateParameters? Compression => Request?.Compression;

    /// <summary>Set once, by the handshake, before the actor is started.</summary>
    public UpgradedRequest? Request
    {
        get;
        set
        {
            field = value;
            if (value is not null)
            {
                Writer.Framing = WebSocketFraming.Of(value.Format);
            }
        }
    }

    /// <summary>The bytes read from a connection that turned out to be ASP.NET Core's; the socket goes with them. Stages only.</summary>
    public ReadOnlyMemory<byte>? HandOver { get; set; }

    public string EndDetail { get; set; } = "";

    /// <summary>Null until the actor has started.</summary>
    public IActorRef? Actor => Volatile.Read(ref _actor);

    public int MessageLimit => Endpoint?.Limits.Message ?? Volatile.Read(ref _messageLimit);

    /// <summary>Before authentication, and for good on the echo endpoint: what follows a message stays unread until that is answered.</summary>
    public bool OneByOne => !Volatile.Read(ref _admitted);

    public long LastReceived => Volatile.Read(ref _lastReceived);

    public long MessageBegun => Volatile.Read(ref _messageBegun);

    public bool ReadingHeld => Volatile.Read(ref _readingHeld) != 0;

    public OutputProgress Output
    {
        get
        {
            var (flushed, gathered) = (Writer.Flushed, Writer.Gathered);
            var isWritten = flushed == gathered && !IsBehind && Writer.ControlLength == 0;
            return OutputProgress.Of(Transport.Socket ?? Transport.Bottom) is { } kernel
                ? kernel with { IsEmpty = kernel.IsEmpty && isWritten }
                : new OutputProgress(flushed, isWritten);
        }
    }

    public bool IsBehind => Volatile.Read(ref _behind) != 0;

    /// <summary>
    /// Bytes that are kept for this connection alone, each kind in <see cref="HeldSteps"/>: for a message whose end has not come,
    /// for messages not taken yet, for replies and for a chunk that wait to be written; 0 once it is shed or has ended.
    /// </summary>
    public long Held => Math.Max(0, Volatile.Read(ref _heldBytes));

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Answers instead of an actor; null: the connection is the broker's.</summary>
    public IEndpoint? Endpoint => Request is { Echo: true } ? _services.Echo : null;

    private bool HasRoom => Volatile.Read(ref _inFlight) < (OneByOne ? 1 : _services.Limits.Inbound) && Writer.ControlLength < _services.Limits.Inbound;

    public bool TryStart(IActorRef actor)
    {
        Action? early;
        lock (_gate)
        {
            if (_ended)
            {
                return false;
            }

            Volatile.Write(ref _actor, actor);
            early = _early;
        }

        early?.Invoke();
        Volatile.Read(ref _resume)?.Invoke();
        return true;
    }

    public void Admit(int messageLimit)
    {
        Volatile.Write(ref _messageLimit, messageLimit);
        Volatile.Write(ref _admitted, true);
    }

    /// <summary>The socket stage has stopped.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            _lastCall?.Dispose();
        }

        HoldNothing();
        _services.Open.Remove(this);
        Signal(ConnectionSignal.Ended);
    }

    public void Abort() => Volatile.Read(ref _abort)?.Invoke();

    public void OnAbort(Action abort) => Volatile.Write(ref _abort, abort);

    public void OnResume(Action resume) => Volatile.Write(ref _resume, resume);

    public void OnReceived() => Volatile.Write(ref _lastReceived, _services.Time.GetTimestamp());

    public void OnPong()
    {
        var pinged = Interlocked.Exchange(ref _pinged, 0);
        if (pinged != 0)
        {
            _services.Metrics.PongReceived(_services.Time.GetElapsedTime(pinged));
        }
    }

    public void Ping()
    {
        Volatile.Write(ref _pinged, _services.Time.GetTimestamp());
        Writer.Send(PingFrame);
    }

    public void OnUnfinished(bool unfinished)
    {
        // Told once while messages follow each other: the deadline only moves on, and who waits for it looks again.
        if (Interlocked.Exchange(ref _messageBegun, unfinished ? _services.Time.GetTimestamp() : 0) == 0 && unfinished)
        {
            Signal(ConnectionSignal.MessageBegun);
        }
    }

    public void OnKept(int bytes)
    {
        var before = _kept;
        _kept = bytes;
        Hold(HeldSteps.Between(before, bytes));
    }

    public void SendPong(ReadOnlySpan<byte> frame) => Writer.SendPong(frame);

    public void Fail(CloseCode code, WebSocketAbuse abuse, ReadOnlySpan<byte> frame)
    {
        if (IsTooEarly(frame, kept => Fail(code, abuse, kept)) || !TryBeginClosing())
        {
            return;
        }

        if (abuse != WebSocketAbuse.None)
        {
            _services.Metrics.Abused(Kind(abuse));
        }

        Close(Reason(code), TimeSpan.Zero, frame);
    }

    /// <summary>Tells the client by <c>disconnecting</c> and a close frame. Any thread.</summary>
    public void Close(DisconnectReason reason, TimeSpan after)
    {
        if (TryBeginClosing())
        {
            Span<byte> frame = stackalloc byte[FrameWriter.MaxServerControl];
            Close(reason, after, frame[..FrameWriter.WriteClose(frame, (CloseCode)reason.Code, reason.Reason)]);
        }
    }

    public void Cut()
    {
        if (TryBeginClosing())
        {
            _services.Metrics.Cut();
            _services.Log.Cut(Id, Request!.Remote);
        }

        Abort();
    }

    /// <summary>Its answers may not be true any more: the connection ends without another byte. Any thread.</summary>
    private void Disown()
    {
        if (TryBeginClosing())
        {
            Count(DisconnectReasons.Restart);
        }

        Abort();
    }

    /// <summary>There is no room for what it holds: its stage ends the connection, after its <see cref="LastWords"/>. Any thread; writes nothing.</summary>
    public void Shed()
    {
        HoldNothing();
        Volatile.Write(ref _shed, true);
        Abort();
    }

    /// <summary>Tells a client that is shed why, if the transport takes that at once. By the stage that is about to end the connection.</summary>
    public void LastWords()
    {
        if (!Volatile.Read(ref _shed))
        {
            return;
        }

        if (Actor is not null || Endpoint is not null)
        {
            Close(DisconnectReasons.Overloaded, TimeSpan.Zero);
        }
        else if (TryBeginClosing())
        {
            // The welcome, which is the first message on every connection, has not been sent.
            Count(DisconnectReasons.Overloaded);
        }
    }

    /// <summary>Writes the last bytes. A peer that does not take them is cut after two seconds. Any thread.</summary>
    public void Finish(ReadOnlySpan<byte> frame)
    {
        if (!IsTooEarly(frame, kept => Finish(kept)) && TryBeginClosing())
        {
            Writer.Finish(frame);
            Signal(ConnectionSignal.Closing);
        }
    }

    /// <summary>The kernel took less than there was. Holder of the writer only.</summary>
    public void Behind()
    {
        Writer.IsBehind = true;
        if (Interlocked.Exchange(ref _behind, 1) == 0)
        {
            Signal(ConnectionSignal.Behind);
        }
    }

    /// <summary>Everything there was has been written.</summary>
    public void CaughtUp() => Volatile.Write(ref _behind, 0);

    /// <summary>Message bytes are on their way to the actor and the lanes.</summary>
    public void Add(int bytes)
    {
        var now = Interlocked.Add(ref _inFlight, bytes);
        Hold(HeldSteps.Between(now - bytes, now));
    }

    public void OnTaken(int bytes)
    {
        var now = Interlocked.Add(ref _inFlight, -bytes);
        Hold(HeldSteps.Between(now + bytes, now));
        ResumeReading();
    }

    /// <summary>
    /// For the sink, before it pulls. False: it waits to be resumed. The mark is set before the counts are read again, so
    /// that whoever makes room meanwhile sees it.
    /// </summary>
    public bool MayRead()
    {
        if (HasRoom)
        {
            return true;
        }

        Interlocked.Exchange(ref _readingHeld, 1);
        return HasRoom && Interlocked.Exchange(ref _readingHeld, 0) == 1;
    }

    private void OnWriterFailed(Exception error) => _services.Log.Failed(Id, Transport.Remote.Address, error);

    private void Hold(int bytes)
    {
        if (bytes != 0 && Interlocked.Add(ref _heldBytes, bytes) > Released / 2)
        {
            _services.Open.Hold(bytes);
        }
    }

    /// <summary>From now on nothing is counted for it.</summary>
    private void HoldNothing()
    {
        var held = Interlocked.Exchange(ref _heldBytes, Released);
        if (held > Released / 2)
        {
            _services.Open.Hold(-held);
        }
    }

    private void ResumeReading()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _readingHeld) != 0 && HasRoom && Interlocked.Exchange(ref _readingHeld, 0) == 1)
        {
            Volatile.Write(ref _lastReceived, _services.Time.GetTimestamp());
            Volatile.Read(ref _resume)?.Invoke();
        }
    }

    /// <summary>Who is being closed already may send what it likes, and is closed once.</summary>
    private bool TryBeginClosing()
    {
        lock (_gate)
        {
            if (_ended || _lastCall is not null)
            {
                return false;
            }

            _lastCall = _services.Time.CreateTimer(static connection => ((ClientConnection)connection!).Abort(), this, LastCall, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    /// <summary>What came with the request may end the connection before its actor has sent the welcome, which is the first message on every connection.</summary>
    private bool IsTooEarly(ReadOnlySpan<byte> frame, Action<byte[]> close)
    {
        lock (_gate)
        {
            if (_actor is not null || Request is null or { Echo: true })
            {
                return false;
            }

            var kept = frame.ToArray();
            _early = () => close(kept);
            return true;
        }
    }

    private void Count(DisconnectReason reason)
    {
        _services.Metrics.Closed(reason);
        _services.Log.Closed(Id, Request!.Remote, reason, EndDetail);
    }

    private void Close(DisconnectReason reason, TimeSpan after, ReadOnlySpan<byte> closeFrame)
    {
        Count(reason);
        if (IsTold(reason))
        {
            var message = MessageBuffer.OfThread;
            Writer.Framing.Codec.Write(message, new DisconnectingMessage(reason, (long)after.TotalMilliseconds));
            Writer.Reply(message);
        }

        Writer.Finish(closeFrame);
        Signal(ConnectionSignal.Closing);
    }

    /// <summary>Who breaks the framing, or has another protocol in mind, is no client to talk to.</summary>
    private bool IsTold(DisconnectReason reason) => reason.Code is not (1002 or 1003 or 1007) && Request is { Echo: false, OriginRefused: false };

    private static DisconnectReason Reason(CloseCode code) => code switch
    {
        CloseCode.UnsupportedData => DisconnectReasons.UnsupportedData,
        CloseCode.InvalidPayloadData => DisconnectReasons.InvalidData,
        CloseCode.PolicyViolation => DisconnectReasons.Abuse,
        CloseCode.MessageTooBig => DisconnectReasons.MessageTooBig,
        _ => DisconnectReasons.ProtocolError,
    };

    private static AbuseKind Kind(WebSocketAbuse abuse) => abuse switch
    {
        WebSocketAbuse.Fragments => AbuseKind.Fragments,
        WebSocketAbuse.MessageTime => AbuseKind.MessageTime,
        _ => AbuseKind.ControlFrames,
    };

    private void Signal(ConnectionSignal signal) => Actor?.Tell(signal, ActorRefs.NoSender);
}
