using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Hosting.Application;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Node.Transports.Echo;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Wire;

namespace Broker.Node.Hosting;

/// <summary>Starts the parent of connections' actors, and has clients closed: all of them for a drain, or after a lane's failure.</summary>
internal sealed class ClientsModule(
    BrokerOptions options,
    SystemModule system,
    TokenGate tokens,
    TopicRules topics,
    LanesModule lanes,
    EchoEndpoint echo,
    ClientParts parts,
    ServerSubscriptions subscriptions,
    WebSocketServices shared) : INodePart
{
    private IActorRef _connections = ActorRefs.Nobody;
    private ConnectionServices? _services;

    /// <summary>What all connections share; not before the start.</summary>
    public ConnectionServices Services => _services!;

    public void Start(IActorContext node)
    {
        var quotas = new Quotas(options, shared.Time);
        var services = new ConnectionServices(options, system.Identity, tokens, topics, quotas, lanes.Inbox, shared.Metrics, shared.Log, shared.Time) { Hooks = parts.Hooks, Rights = tokens.Changes, Kinds = parts.Kinds, Lobby = parts.Lobby };
        _services = services;
        _connections = node.ActorOf(Props.Create(() => new ConnectionsActor(services)), "connections");
        lanes.Ordered += (user, order) =>
        {
            if (order.Kind == UserOrderKind.Share)
            {
                quotas.UserMessages?.Share(user, order.Topic is [var nodes, ..] ? nodes : 1);
            }
            else
            {
                Tell(quotas, user, new UserOrdered(order));
            }
        };
        tokens.Changes.Changed += user => Tell(quotas, user, UserRightsChanged.Instance);
        lanes.Failed += () => _connections.Tell(new ConnectionsActor.DisconnectAll(DisconnectReasons.ServerError));
    }

    /// <summary>An upgrade was accepted: the connection gets its actor.</summary>
    public void Accept(IClientTransport connection) => _connections.Tell(connection, ActorRefs.NoSender);

    /// <summary>Closes all clients, and those to come at once; the application's own subscriptions end with them.</summary>
    public Task DrainAsync(TimeSpan time)
    {
        subscriptions.Stop();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections.Tell(new ConnectionsActor.DrainAll(time, done));
        return Task.WhenAll(done.Task, echo.CloseAsync());
    }

    private static void Tell(Quotas quotas, string user, object message)
    {
        if (quotas.Users.TryFind(user, out var connections))
        {
            connections.Tell(message);
        }
    }
}
