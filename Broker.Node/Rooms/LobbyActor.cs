using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Broker.Node.Lanes;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>
/// The sharded entity of a kind of rooms, with the <see cref="Lobby"/> in it. Asks all nodes for their rooms when it begins, and keeps the topic that
/// clients watch (<see cref="ListedRooms"/>) from the moment when it has heard them.
/// </summary>
internal sealed class LobbyActor : UntypedActor, IWithTimers, ILobbyOutput
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Between two looks at whether the topic still keeps what it was told.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    private readonly LobbyContext _context;
    private readonly Lobby _lobby;
    private readonly ListedRooms _listed = new();
    private readonly RoomListTopic _topic;
    private readonly string _kind;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly long _start;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<uint, ICanTell> _nodes = [];
    private readonly string[] _path;
    private bool _isAsking;
    private TimeSpan _askedAt;

    /// <summary>A change was not taken: the next one waits for the next tick.</summary>
    private bool _isHeld;
    private bool _isFull;

    /// <param name="kind">Of the rooms.</param>
    /// <param name="path">Of a node's <see cref="RoomLobbiesActor"/>.</param>
    /// <param name="context">What all lobbies of the node have in common.</param>
    public LobbyActor(string kind, string[] path, LobbyContext context)
    {
        (_kind, _path, _context, _start) = (kind, path, context, context.Time.GetTimestamp());
        _topic = new RoomListTopic(context.Lanes, kind);

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

    public void List(string room, RoomListing? listing) =>
        _listed.Set(room, listing is null ? null : RoomListTopic.DataOf(Lobby.EntryOf(_kind, room, listing)));

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
            case Tick: OnTick(); break;
            case RoomListContent content: OnContent(content); break;
            case RoomListPlace place: OnPlace(place); break;
            case RoomListChanged changed: OnChanged(changed); break;
            case ClusterEvent.CurrentClusterState state: OnState(state); break;
            case ClusterEvent.IMemberEvent change: OnMember(change.Member); break;
            default: Unhandled(message); break;
        }
    }

    private void OnTick()
    {
        _lobby.Tick(Now);
        if (!_isAsking && _lobby.IsReady)
        {
            if (!_listed.HasBegun)
            {
                Ask(_topic.ReadAsync(), static () => RoomListContent.Unknown);
            }
            else if (!_listed.IsEmpty && Now - _askedAt >= LookInterval)
            {
                Ask(_topic.FindAsync(), static () => RoomListPlace.Unknown);
            }
        }

        _isHeld = false;
        Publish();
    }

    private void Ask<T>(Task<T> answer, Func<T> failure)
    {
        (_isAsking, _askedAt) = (true, Now);
        answer.PipeTo(Self, failure: _ => failure());
    }

    private void OnContent(RoomListContent content)
    {
        _isAsking = false;
        if (content.Position is { } position)
        {
            _listed.Begin(position, content.Rooms);
        }
    }

    private void OnPlace(RoomListPlace place)
    {
        _isAsking = false;
        if (place.Position is { } position)
        {
            _listed.Confirm(position);
        }
    }

    private void OnChanged(RoomListChanged changed)
    {
        _listed.Done(changed.Room, changed.Data, changed.Result, changed.Position);
        var isFull = changed.Result == PublishResult.LimitExceeded;
        if (isFull && !_isFull)
        {
            _log.Warning("The topic of rooms of kind {0} has no place for more: clients that watch it miss some, which their list still has", _kind);
        }

        _isFull = isFull;
        _isHeld |= changed.Result != PublishResult.Published;
        Publish();
    }

    private void Publish()
    {
        while (!_isHeld && _listed.Next() is var (room, data))
        {
            _topic.ChangeAsync(room, data).PipeTo(Self, failure: _ => new RoomListChanged(room, data, PublishResult.Timeout, default));
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
