using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using Broker.Node.Configuration.Options;
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
    private readonly WebSocketServices _services;
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
        var messages = new FormatLimits(new WebSocketLimits
        {
            Message = limits.Message,
            Fragments = limits.Fragments,
            MessageTime = limits.MessageTime,
            ControlFrames = limits.ControlFrames,
        });
        _services = new WebSocketServices(messages, limits.UnauthenticatedMessage, limits.Inbound, echo, open, metrics, log, time);

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
        _materializer.Materialize(_graph, ConnectionOfGraph.For(new ClientConnection(id, connection, _services)));
    }
}
