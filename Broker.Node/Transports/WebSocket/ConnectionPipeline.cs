using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Protocol.Session;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// The graph of a connection, <c>egress → socket → handshake → framing → messages</c>: one blueprint, built once, one island.
/// </summary>
internal sealed class ConnectionPipeline : IConnectionPipeline
{
    private readonly IMaterializer _materializer;
    private readonly LimitOptions _limits;
    private readonly IEndpoint _echo;
    private readonly OpenConnections _open;
    private readonly BrokerMetrics _metrics;
    private readonly ConnectionLog _log;
    private readonly TimeProvider _time;
    private readonly FormatLimits _formatLimits;
    private readonly IGraph<ClosedShape, NotUsed> _graph;
    private long _lastId;

    /// <param name="accepted">Starts the actor of a connection whose upgrade has been accepted; called on its stage's thread.</param>
    public ConnectionPipeline(
        IMaterializer materializer,
        LimitOptions limits,
        IUpgradeGate gate,
        IHttpFrontDoor frontDoor,
        Action<ClientConnection> accepted,
        IEndpoint echo,
        OpenConnections open,
        BrokerMetrics metrics,
        ConnectionLog log,
        TimeProvider time)
    {
        _materializer = materializer;
        _limits = limits;
        _echo = echo;
        _open = open;
        _metrics = metrics;
        _log = log;
        _time = time;
        _formatLimits = new FormatLimits(new WebSocketLimits
        {
            Message = limits.Message,
            Fragments = limits.Fragments,
            MessageTime = limits.MessageTime,
            ControlFrames = limits.ControlFrames,
        });
        // Fused here, or the materializer would do it for every connection: more than half of what a materialisation takes.
        _graph = Fusing.Aggressive(Source.FromGraph(new EgressStage())
            .Via(new SocketStage(frontDoor))
            .Via(new HandshakeStage(gate, limits.Heads(), accepted, metrics, log))
            .Via(new FramingStage(time))
            .To(new ConnectionSink()));
    }

    public void Start(AcceptedConnection connection)
    {
        var id = Interlocked.Increment(ref _lastId);
        var client = new ClientConnection(id, connection, _formatLimits, _limits.UnauthenticatedMessage, _limits.Inbound, _echo, _open, _metrics, _log, _time);
        _materializer.Materialize(_graph, ConnectionOfGraph.For(client));
    }
}
