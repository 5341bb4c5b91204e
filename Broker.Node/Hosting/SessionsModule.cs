using Akka.Actor;
using Akka.Cluster;
using Broker.Node.Transports.Sessions;
using Broker.Node.Transports.WebSocket;

namespace Broker.Node.Hosting;

/// <summary>Has the sessions of clients that come without a WebSocket.</summary>
internal sealed class SessionsModule(ClientsModule clients, WebSocketServices services) : INodePart, ISessions
{
    private SessionTable? _table;
    private TicketTable? _tickets;
    private SessionRouter? _router;

    public void Start(IActorContext node)
    {
        var cluster = Cluster.Get(node.System);
        var uid = unchecked((uint)cluster.SelfUniqueAddress.Uid);
        _tickets = new TicketTable(uid, services.Time);
        var table = _table = new SessionTable(uid, services, clients.Accept, _tickets);
        var actor = node.ActorOf(Props.Create(() => new SessionsActor(table)), SessionsActor.Name);
        var path = actor.Path.Elements;
        _router = new SessionRouter(uid, table, actor, other => Find(cluster, other, path), services.Time);
    }

    public HttpSession Open(UpgradeDecision decision, long firstPost, Func<HttpSession, ISessionOutlet> outlet) => _table!.Open(decision, firstPost, outlet);

    public Task<SessionAnswer> AskAsync(SessionRequest request, CancellationToken gone) => _router!.AskAsync(request, gone);

    public string? Issue(string token) => _tickets!.Issue(token);

    /// <summary>A node that cannot be reached may come back; its sessions' clients do better to open new ones.</summary>
    private static ActorSelection? Find(Cluster cluster, uint node, IReadOnlyList<string> path)
    {
        var state = cluster.State;
        return state.Members.FirstOrDefault(member => unchecked((uint)member.UniqueAddress.Uid) == node) is { } member && !state.Unreachable.Contains(member)
            ? cluster.System.ActorSelection(new RootActorPath(member.Address) / path)
            : null;
    }
}
