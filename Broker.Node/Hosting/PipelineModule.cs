using System.Net;
using Akka.Actor;
using Akka.Streams;
using Broker.Node.Auth;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Node.Transports.Echo;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;

namespace Broker.Node.Hosting;

/// <summary>Starts what runs the graphs of connections, and decides over upgrades; graphs end with the node's actor.</summary>
internal sealed class PipelineModule(
    ClientsModule clients,
    NodeHealth health,
    TrustedProxies proxies,
    UntrustedForwarders forwarders,
    Admission admission,
    EchoEndpoint echo,
    ApplicationUsers users,
    IHttpFrontDoor frontDoor,
    WebSocketServices services) : INodePart, IUpgradeGate, ISessionGate, IConnectionPipeline
{
    private readonly Action _onEnded = () => services.Metrics.Ended(ClientTransport.Websocket);
    private IMaterializer? _materializer;
    private UpgradeGate? _gate;
    private ConnectionPipeline? _pipeline;

    /// <summary>Runs the graphs of the node; not before the start.</summary>
    public IMaterializer Materializer => _materializer!;

    public void Start(IActorContext node)
    {
        OriginPolicy.TryCreate(clients.Services.Options.Origins.Allow, out var allowed, out _);
        _gate = new UpgradeGate(clients.Services, allowed!, proxies, forwarders, admission, () => health.Serves, users, services.Log);

        // The setting of the actor system is an application's where the system is.
        _materializer = node.Materializer(ActorMaterializerSettings.Create(node.System).WithDispatcher(AkkaConfig.ConnectionDispatcher));
        _pipeline = new ConnectionPipeline(_materializer, _gate, frontDoor, OnAccepted, services);
    }

    public bool Owns(string path) => _gate!.Owns(path);

    public UpgradeDecision Evaluate(RequestHead head, IPAddress peer, bool tls) => _gate!.Evaluate(head, peer, tls);

    public bool AllowsOrigin(RequestHead head, IPAddress peer, bool tls) => _gate!.AllowsOrigin(head, peer, tls);

    public UpgradeDecision EvaluateSession(RequestHead head, IPAddress peer, bool tls, string? ticket, bool isConnection) => _gate!.EvaluateSession(head, peer, tls, ticket, isConnection);

    public UpgradeDecision EvaluateToken(RequestHead head, IPAddress peer, bool tls, out string? token) => _gate!.EvaluateToken(head, peer, tls, out token);

    public void Start(AcceptedConnection connection) => _pipeline!.Start(connection);

    private void OnAccepted(ClientConnection connection)
    {
        services.Open.Add(connection);
        services.Metrics.Opened(ClientTransport.Websocket);
        connection.Transport.OnEnded(_onEnded);
        if (connection.Request!.Echo)
        {
            echo.Add(connection);
        }
        else
        {
            clients.Accept(connection);
        }
    }
}
