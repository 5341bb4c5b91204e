using Akka.Actor;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Listening;
using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Protocol.Wire;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// What the stages of one connection's graph, its actor and the lanes share of it: joins its <see cref="ConnectionState"/>, the ways
/// to its end, and what is counted of it. Safe from any thread unless said; state that has one owner lives with the owner.
/// </summary>
/// <remarks>
/// A circle of more than three types goes through it: its end (<see cref="ConnectionClosing"/>), the table of open connections, which
/// sheds them, and the endpoint that answers in the place of an actor all act on a connection, and it tells them what it holds and
/// that it ends. Interfaces between them would hide that they are one thing, and have one implementation each.
/// </remarks>
internal sealed class ClientConnection : IWebSocketPeer, IClientTransport, IWriterObserver, IHeldConnection
{
    private static readonly byte[] PingFrame = [0x89, 0x00];

    private readonly ConnectionClosing _closing;
    private InboundFlow _inbound;
    private HeldBytes _held;
    private Liveness _life;
    private int _behind;

    public ClientConnection(long id, AcceptedConnection transport, WebSocketServices services)
    {
        Id = id;
        Transport = transport;
        Services = services;
        Writer = new ConnectionWriter(id) { Observer = this };
        _closing = new ConnectionClosing(this);
        _inbound = new InboundFlow(services.Limits.UnauthenticatedMessage);
        _life = new Liveness(services.Time.GetTimestamp());
        if (transport.Upgraded is { } request)
        {
            Upgrade(request);
        }
    }

    public long Id { get; }

    public AcceptedConnection Transport { get; }

    public WebSocketServices Services { get; }

    public ConnectionState State { get; } = new();

    public ConnectionWriter Writer { get; }

    public UpgradedRequest? Request { get; private set; }

    public string EndDetail
    {
        get => _closing.Detail;
        set => _closing.Detail = value;
    }

    /// <summary>Answers instead of an actor; null: the connection is the broker's.</summary>
    public IEndpoint? Endpoint => Request is { Echo: true } ? Services.Echo : null;

    public WebSocketLimits Limits => Endpoint?.Limits ?? Services.Messages.Of(Request!.Format);

    public DeflateParameters? Compression => Request?.Compression;

    public int MessageLimit => Endpoint?.Limits.Message ?? _inbound.MessageLimit;

    public bool OneByOne => _inbound.OneByOne;

    public int InFlight => _inbound.InFlight;

    public bool ReadingHeld => _inbound.IsHeld;

    public long LastReceived => _life.LastReceived;

    public long MessageBegun => _life.MessageBegun;

    public bool IsBehind => Volatile.Read(ref _behind) != 0;

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

    /// <summary>Bytes that are kept for this connection alone; 0 once it is shed or has ended.</summary>
    public long Held => _held.Count;

    /// <summary>By the handshake, before anything is sent to the client and before the actor is started.</summary>
    public void Upgrade(UpgradedRequest request)
    {
        Request = request;
        Writer.Framing = WebSocketFraming.Of(request.Format);
        State.Upgrade(hasActor: !request.Echo);
    }

    public bool TryStart(IActorRef actor)
    {
        if (!State.TryStart(actor))
        {
            return false;
        }

        _inbound.Resume();
        return true;
    }

    public void Admit(int messageLimit) => _inbound.Admit(messageLimit);

    /// <summary>The socket stage has stopped.</summary>
    public void End()
    {
        _held.Release(Services.Open);
        Services.Open.Remove(this);
        State.End();
    }

    public void Abort() => State.Abort();

    public void OnResume(Action resume) => _inbound.OnResume(resume);

    public void OnReceived() => _life.Heard(Services.Time.GetTimestamp());

    public void OnPong()
    {
        if (_life.Ponged() is not 0 and var pinged)
        {
            Services.Metrics.PongReceived(Services.Time.GetElapsedTime(pinged));
        }
    }

    public void Ping()
    {
        _life.Pinged(Services.Time.GetTimestamp());
        Writer.Send(PingFrame);
    }

    public void OnUnfinished(bool unfinished)
    {
        // Told once while messages follow each other: the deadline only moves on, and who waits for it looks again.
        if (_life.Unfinished(unfinished, Services.Time.GetTimestamp()))
        {
            State.Tell(ConnectionSignal.MessageBegun);
        }
    }

    public void OnKept(int bytes) => _held.Keep(bytes, Services.Open);

    public void SendPong(ReadOnlySpan<byte> frame) => Writer.SendPong(frame);

    public void Fail(CloseCode code, WebSocketAbuse abuse, ReadOnlySpan<byte> frame) => _closing.Fail(code, abuse, frame);

    public void Close(DisconnectReason reason, TimeSpan after) => _closing.Close(reason, after);

    public void Finish(ReadOnlySpan<byte> frame) => _closing.Finish(frame);

    public void Cut() => _closing.Cut();

    /// <summary>There is no room for what it holds: its stage ends the connection, after its <see cref="LastWords"/>. Any thread; writes nothing.</summary>
    public void Shed()
    {
        _held.Shed(Services.Open);
        Abort();
    }

    /// <summary>Tells a client that is shed why. By the stage that is about to end the connection.</summary>
    public void LastWords()
    {
        if (_held.IsShed)
        {
            _closing.LastWords();
        }
    }

    /// <summary>The kernel took less than there was. Holder of the writer only.</summary>
    public void Behind()
    {
        Writer.IsBehind = true;
        if (Interlocked.Exchange(ref _behind, 1) == 0)
        {
            State.Tell(ConnectionSignal.Behind);
        }
    }

    /// <summary>Everything there was has been written.</summary>
    public void CaughtUp() => Volatile.Write(ref _behind, 0);

    /// <summary>Message bytes are on their way to the actor and the lanes.</summary>
    public void Add(int bytes) => Hold(_inbound.Add(bytes));

    public void OnTaken(int bytes)
    {
        Hold(_inbound.Add(-bytes));
        ResumeReading();
    }

    /// <inheritdoc cref="InboundFlow.MayRead"/>
    public bool MayRead() => _inbound.MayRead(Writer, Services.Limits.Inbound);

    void IWriterObserver.Overrun() => State.Tell(ConnectionSignal.Overrun);

    void IWriterObserver.ControlDrained() => ResumeReading();

    void IWriterObserver.Disown() => _closing.Disown();

    void IWriterObserver.Failed(Exception error) => Services.Log.Failed(Id, Transport.Remote.Address, error);

    public void Hold(int bytes) => _held.Add(bytes, Services.Open);

    private void ResumeReading()
    {
        if (_inbound.TryLetGo(Writer, Services.Limits.Inbound))
        {
            _life.Heard(Services.Time.GetTimestamp());
            _inbound.Resume();
        }
    }
}
