using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Broker.Node.Lanes;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>The sharded entity of a kind of rooms, with the <see cref="Lobby"/> in it. Asks all nodes for their rooms when it begins.</summary>
internal sealed class LobbyActor : UntypedActor, IWithTimers, ILobbyOutput
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly LobbyContext _context;
    private readonly Lobby _lobby;
    private readonly long _start;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<uint, ICanTell> _nodes = [];
    private readonly string[] _path;

    /// <param name="kind">Of the rooms.</param>
    /// <param name="path">Of a node's <see cref="RoomLobbiesActor"/>.</param>
    /// <param name="context">What all lobbies of the node have in common.</param>
    public LobbyActor(string kind, string[] path, LobbyContext context)
    {
        (_path, _context, _start) = (path, context, context.Time.GetTimestamp());

        // Requests to rooms are counted from here on: no other life of this lobby has counted so far.
        var incarnation = context.Time.GetUtcNow().ToUnixTimeMilliseconds() << 20;
        _lobby = new Lobby(new LobbySettings(kind, context.Node, incarnation) { MatchWait = context.MatchWait }, this, TimeSpan.Zero);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _context.Time.GetElapsedTime(_start);

    public void Ask(RoomInput input) => _context.Rooms()?.Tell(input, Self);

    public void Tell(uint node, LobbyMessage message)
    {
        if (_nodes.TryGetValue(node, out var actor))
        {
            actor.Tell(message, Self);
        }
    }

    public void List(string room, RoomListing? listing)
    {
    }

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, Interval);
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case LobbyAsk ask: OnHeardOf(ask.Node, () => _lobby.Take(ask, Now)); break;
            case RoomsShown shown: OnHeardOf(shown.Node, () => _lobby.Take(shown, Now)); break;
            case RoomReply reply: _lobby.Take(reply, Now); break;
            case Tick: _lobby.Tick(Now); break;
            case ClusterEvent.CurrentClusterState state: OnState(state); break;
            case ClusterEvent.IMemberEvent change: OnMember(change.Member); break;
            default: Unhandled(message); break;
        }
    }

    private void OnHeardOf(uint node, Action take)
    {
        if (_nodes.ContainsKey(node))
        {
            // Without the way by the address: an actor that has spoken is there.
            _nodes[node] = Sender;
        }

        take();
    }

    private void OnState(ClusterEvent.CurrentClusterState state)
    {
        foreach (var member in state.Members)
        {
            OnMember(member);
        }

        _lobby.KnowsNodes(Now);
    }

    private void OnMember(Member member)
    {
        var node = unchecked((uint)member.UniqueAddress.Uid);
        switch (member.Status)
        {
            case MemberStatus.Up or MemberStatus.Leaving when _nodes.TryAdd(node, Context.ActorSelection(new RootActorPath(member.Address) / _path)):
                _lobby.Came(node);
                break;
            case MemberStatus.Down or MemberStatus.Removed when _nodes.Remove(node):
                _lobby.Left(node, Now);
                break;
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Tick Instance = new();
    }
}
