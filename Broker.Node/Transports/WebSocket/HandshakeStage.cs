using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Akka.Streams;
using Akka.Streams.Stage;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Protocol.Http;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// Reads the request head of a fresh connection: accepts the upgrade, refuses it, or hands the connection with the bytes
/// read to ASP.NET Core. After the 101 it passes on what it is given. The response goes through the connection's writer.
/// </summary>
internal sealed class HandshakeStage(IUpgradeGate gate, HttpLimits limits, Action<ClientConnection> accepted, BrokerMetrics metrics, ConnectionLog log)
    : GraphStage<FlowShape<ReceivedBytes, ReceivedBytes>>
{
    private readonly IUpgradeGate _gate = gate;
    private readonly HttpLimits _limits = limits;
    private readonly Action<ClientConnection> _accepted = accepted;
    private readonly BrokerMetrics _metrics = metrics;
    private readonly ConnectionLog _log = log;
    private readonly Inlet<ReceivedBytes> _in = new("Handshake.in");
    private readonly Outlet<ReceivedBytes> _out = new("Handshake.out");

    public override FlowShape<ReceivedBytes, ReceivedBytes> Shape => new(_in, _out);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) =>
        new Logic(this, inheritedAttributes.Connection());

    [SuppressMessage("Design", "CA1001", Justification = "The source has no timer: when it is cancelled there is nothing left to dispose of.")]
    private sealed class Logic : InAndOutGraphStageLogic
    {
        private const int HeadStep = 512;

        private readonly HandshakeStage _stage;
        private readonly ClientConnection _connection;
        private RequestHeadParser? _parser;
        private byte[]? _head;
        private int _headLength;
        private bool _open;
        private CancellationTokenSource? _asking;

        public Logic(HandshakeStage stage, ClientConnection connection)
            : base(stage.Shape)
        {
            _stage = stage;
            _connection = connection;
            SetHandler(stage._in, this);
            SetHandler(stage._out, this);
        }

        public override void PreStart()
        {
            if (_connection.Request is not null)
            {
                Open();
            }
            else
            {
                _parser = new RequestHeadParser(_stage._limits);
            }
        }

        public override void OnPull() => Pull(_stage._in);

        /// <summary>Also while the application is asked: whatever it does then is for nobody.</summary>
        public override void PostStop() => _asking?.CancelAsync();

        public override void OnPush()
        {
            if (_asking is not null)
            {
                // Stays where it is, and nothing more is read, until there is an answer.
            }
            else if (_open)
            {
                Push(_stage._out, Grab(_stage._in));
            }
            else if (_parser is not null)
            {
                Read(Grab(_stage._in));
            }
            else
            {
                Discard();
            }
        }

        private void Read(ReceivedBytes received)
        {
            var before = _headLength;
            ReadOnlySpan<byte> bytes = received.Span;
            if (_head is not null)
            {
                Keep(bytes);
                bytes = _head.AsSpan(0, _headLength);
            }

            switch (_parser!.Parse(bytes, out var head, out var consumed))
            {
                case HttpParseStatus.NeedMore:
                    if (_head is null)
                    {
                        Keep(received.Span);
                    }

                    Pull(_stage._in);
                    break;
                case HttpParseStatus.Refused:
                    OnRefused(_parser.Refusal);
                    break;
                case HttpParseStatus.Complete when _stage._gate.Owns(head!.Path):
                    received.Skip(consumed - before);
                    Decide(head!, received);
                    break;
                default:
                    _connection.State.HandOver(bytes.ToArray());
                    CompleteStage();
                    break;
            }
        }

        private void OnRefused(HttpRefusal refusal)
        {
            var reason = RefusalResponse.ReasonOf(refusal);
            _stage._metrics.HandshakeRefused(reason);
            _stage._log.Refused(_connection.Transport.Remote.Address, reason, refusal.Reason);
            Refuse(refusal.Status, [new HttpHeader("Connection", "close")], refusal.Reason);
        }

        /// <summary>Adds to the head in steps of an eighth: who sends half of a large one and waits makes the node hold little more.</summary>
        private void Keep(ReadOnlySpan<byte> bytes)
        {
            var length = _headLength + bytes.Length;
            if (_head is null || length > _head.Length)
            {
                var larger = new byte[_head is null ? length : length + Math.Max(HeadStep, length / 8)];
                _head?.AsSpan(0, _headLength).CopyTo(larger);
                _head = larger;
            }

            bytes.CopyTo(_head.AsSpan(_headLength));
            _headLength = length;
        }

        private void Decide(RequestHead head, ReceivedBytes rest)
        {
            var transport = _connection.Transport;
            var decision = _stage._gate.Evaluate(head, transport.Remote.Address, transport.Tls);
            transport.Place ??= decision.Place;
            if (decision.Later is { } later)
            {
                Await(later, head, rest);
            }
            else
            {
                Answer(decision, head, rest);
            }
        }

        /// <summary>
        /// The client has done its part. What it has sent behind the request stays until the application has answered; where that is nothing, one
        /// read tells whether it goes meanwhile.
        /// </summary>
        private void Await(Func<CancellationToken, Task<UpgradeDecision>> later, RequestHead head, ReceivedBytes rest)
        {
            _connection.Transport.Lease?.HandshakeDone();
            _asking = new CancellationTokenSource();
            _ = TellAsync(later(_asking.Token), GetAsyncCallback<UpgradeDecision>(decided =>
            {
                _asking = null;
                Answer(decided, head, rest);
            }));
            if (rest.Span.IsEmpty)
            {
                Pull(_stage._in);
            }
        }

        private static async Task TellAsync(Task<UpgradeDecision> later, Action<UpgradeDecision> tell) => tell(await later);

        private void Answer(UpgradeDecision decision, RequestHead head, ReceivedBytes rest)
        {
            if (decision.Request is null)
            {
                // RFC 9110 section 9.3.2: an answer to HEAD has no content.
                Refuse(decision.Status, decision.Headers, decision.Body, withContent: head.Method != "HEAD");
                return;
            }

            var response = new ArrayBufferWriter<byte>(256);
            ResponseHead.Write(response, decision.Status, decision.Headers);
            _connection.Upgrade(decision.Request);
            _connection.Transport.Lease?.HandshakeDone();
            _connection.Writer.Send(response.WrittenSpan);
            Open();
            if (IsAvailable(_stage._in))
            {
                Push(_stage._out, Grab(_stage._in));
            }
            else if (!rest.Span.IsEmpty)
            {
                Push(_stage._out, rest);
            }
            else if (!HasBeenPulled(_stage._in))
            {
                Pull(_stage._in);
            }
        }

        private void Open()
        {
            _open = true;
            (_parser, _head) = (null, null);
            _stage._accepted(_connection);
        }

        private void Refuse(int status, IReadOnlyList<HttpHeader> headers, string body, bool withContent = true)
        {
            (_parser, _head) = (null, null);

            // From here on the handshake's time-out must not write between.
            _connection.Transport.Lease?.HandshakeDone();
            var content = RefusalResponse.Content(body);
            var response = new ArrayBufferWriter<byte>(512);
            ResponseHead.Write(response, status,
            [
                .. headers,
                new("Content-Type", RefusalResponse.ContentType),
                new("Content-Length", content.Length.ToString(CultureInfo.InvariantCulture)),
            ]);
            if (withContent)
            {
                response.Write(content);
            }

            _connection.Finish(response.WrittenSpan);
            if (!HasBeenPulled(_stage._in))
            {
                Discard();
            }
        }

        /// <summary>Refused: what still comes is not looked at.</summary>
        private void Discard()
        {
            if (IsAvailable(_stage._in))
            {
                Grab(_stage._in);
            }

            Pull(_stage._in);
        }
    }
}
