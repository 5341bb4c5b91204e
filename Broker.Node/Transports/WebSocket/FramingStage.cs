using Akka.Streams;
using Akka.Streams.Stage;
using Broker.Node.Delivery;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// Bytes in, batches of whole messages out: a thin shell over <see cref="WebSocketSession"/> in the server role. What the
/// session wants sent goes to the peer's writer, not downstream. Takes its <see cref="IWebSocketPeer"/> from the attributes.
/// </summary>
internal sealed class FramingStage(TimeProvider time) : GraphStage<FlowShape<ReceivedBytes, MessageBatch>>
{
    private readonly Inlet<ReceivedBytes> _in = new("Framing.in");
    private readonly Outlet<MessageBatch> _out = new("Framing.out");

    public override FlowShape<ReceivedBytes, MessageBatch> Shape => new(_in, _out);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) =>
        new Logic(this, time, inheritedAttributes.GetAttribute<PeerOfGraph>()!.Peer);

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A stage's logic disposes in PostStop.")]
    private sealed class Logic : InAndOutGraphStageLogic, IWebSocketHandler
    {
        private readonly FramingStage _stage;
        private readonly IWebSocketPeer _peer;
        private readonly TimeProvider _time;
        private WebSocketSession? _session;
        private MessageBatch? _batch;
        private ReceivedBytes? _received;
        private byte[]? _close;
        private bool _unfinished;
        private int _kept;

        public Logic(FramingStage stage, TimeProvider time, IWebSocketPeer peer)
            : base(stage.Shape)
        {
            _stage = stage;
            _peer = peer;
            _time = time;
            SetHandler(stage._in, this);
            SetHandler(stage._out, this);
        }

        public override void PostStop() => _session?.Dispose();

        public void OnMessage(Opcode opcode, ReadOnlySpan<byte> payload)
        {
            _batch ??= new MessageBatch(_peer);
            _batch.Add(payload);
            _batch.IsBinary = opcode == Opcode.Binary;
        }

        public void OnPong(ReadOnlySpan<byte> payload) => _peer.OnPong();

        public void OnClose(CloseCode code, string reason)
        {
            // The session answers it, and that answer is what ends the connection.
        }

        public void OnSend(Opcode opcode, ReadOnlySpan<byte> frame)
        {
            if (opcode != Opcode.Close)
            {
                _peer.SendPong(frame);
                return;
            }

            if (_batch is null)
            {
                Finish(frame);
            }
            else
            {
                // The messages that came before it are handed on first.
                _close = frame.ToArray();
            }
        }

        private void Finish(ReadOnlySpan<byte> frame)
        {
            if (_session!.Failure is { } failure)
            {
                _peer.Fail(failure, _session.Abuse, frame);
            }
            else
            {
                _peer.Finish(frame);
            }
        }

        public override void OnPull() => Read();

        public override void OnPush()
        {
            _peer.OnReceived();
            _received = Grab(_stage._in);
            Read();
        }

        /// <summary>Goes on with what was received, and asks for more where that is no message.</summary>
        private void Read()
        {
            if (_close is { } close)
            {
                _close = null;
                Finish(close);
            }

            if (_received is not { Span.IsEmpty: false } received)
            {
                Pull(_stage._in);
                return;
            }

            // Its limits are known only when the upgrade has been accepted, and nothing comes here before.
            var session = _session ??= new WebSocketSession(WebSocketRole.Server, _peer.Limits, _time, _peer.Compression);
            session.MessageLimit = _peer.MessageLimit;
            received.Skip(session.Receive(received.Span, this, _peer.OneByOne));
            if (session.InMessage != _unfinished || (_unfinished && _batch is not null))
            {
                // Also where one message ended and another began: each has its own time.
                _unfinished = session.InMessage;
                _peer.OnUnfinished(_unfinished);
            }

            if (session.Kept != _kept)
            {
                _peer.OnKept(_kept = session.Kept);
            }

            if (_batch is { } batch)
            {
                _batch = null;
                Push(_stage._out, batch);
            }
            else
            {
                Pull(_stage._in);
            }
        }
    }
}
