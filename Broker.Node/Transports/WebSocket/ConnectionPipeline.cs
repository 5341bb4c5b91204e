using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using Broker.Node.Listening;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// The graph of a connection, <c>egress → socket → handshake → framing → messages</c>: one blueprint, built once, one island.
/// </summary>
internal sealed class ConnectionPipeline : IConnectionPipeline
{
    private readonly IMaterializer _materializer;
    private readonly IHttpFrontDoor _frontDoor;
    private readonly WebSocketServices _services;
    private readonly IGraph<ClosedShape, NotUsed> _graph;

    /// <param name="materializer">Runs the graphs.</param>
    /// <param name="gate">Decides over upgrades.</param>
    /// <param name="frontDoor">Takes every other request.</param>
    /// <param name="accepted">Starts the actor of a connection whose upgrade has been accepted; called on its stage's thread.</param>
    /// <param name="services">Shared by all connections.</param>
    public ConnectionPipeline(IMaterializer materializer, IUpgradeGate gate, IHttpFrontDoor frontDoor, Action<ClientConnection> accepted, WebSocketServices services)
    {
        _materializer = materializer;
        _frontDoor = frontDoor;
        _services = services;

        // Fused here, or the materializer would do it for every connection: more than half of what a materialisation takes.
        _graph = Fusing.Aggressive(Source.FromGraph(new EgressStage())
            .Via(new SocketStage(frontDoor))
            .Via(new HandshakeStage(gate, services.Limits.Heads(), accepted, services.Metrics, services.Log))
            .Via(new FramingStage(services.Time))
            .To(new ConnectionSink()));
    }

    public void Start(AcceptedConnection connection)
    {
        if (connection.IsHttp2)
        {
            // Its WebSockets come back one by one.
            _frontDoor.Offer(connection, default);
            return;
        }

        var id = _services.Open.NextId();
        _materializer.Materialize(_graph, ConnectionOfGraph.For(new ClientConnection(id, connection, _services)));
    }
}
