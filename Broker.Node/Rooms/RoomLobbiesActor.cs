using Akka.Actor;
using Akka.Event;
using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>
/// Says to the lobbies what rooms run on this node, and asks them for its clients. A lobby is told everything by the shard region, which may lose it:
/// all is said again until it is taken.
/// </summary>
internal sealed class RoomLobbiesActor : UntypedActor, IWithTimers
{
    /// <summary>The actor's name; its path is the same on every node.</summary>
    public const string Name = "lobbies";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly uint _node;
    private readonly RoomKinds _kinds;
    private readonly Func<IActorRef?> _region;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly LobbyRequests _requests;
    private readonly Dictionary<string, RoomFeed> _feeds = new(StringComparer.Ordinal);

    /// <param name="node">Uid of this node.</param>
    /// <param name="kinds">That this node knows.</param>
    /// <param name="region">Of the lobbies; null: it has not started, or has ended.</param>
    /// <param name="time">Clock of gathering and asking again.</param>
    public RoomLobbiesActor(uint node, RoomKinds kinds, Func<IActorRef?> region, TimeProvider time)
    {
        (_node, _kinds, _region, _time, _start) = (node, kinds, region, time, time.GetTimestamp());
        _requests = new LobbyRequests(node, 0, kinds, Tell);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _time.GetElapsedTime(_start);

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, Interval);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Asked asked: _requests.Begin(asked.Request, asked.What, Now); break;
            case Forgotten forgotten: _requests.Forget(forgotten.Connection, forgotten.Kind); break;
            case Shown shown: OnShown(shown); break;
            case LobbyReply reply: _requests.Take(reply); break;
            case LobbyHeard heard: OnHeard(heard); break;
            case Tick: OnTick(); break;
            case Wake: OnWake(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnShown(Shown shown)
    {
        if (shown.Listing is { } listing)
        {
            FeedOf(shown.Kind).Show(shown.Room, listing);
        }
        else
        {
            FeedOf(shown.Kind).Hide(shown.Room);
        }
    }

    private void OnHeard(LobbyHeard heard)
    {
        if (_kinds.TryGet(heard.Kind, out _))
        {
            Tell(FeedOf(heard.Kind).Heard(heard, Now));
        }
        else if (heard.Last == 0)
        {
            // Another node has kinds that this one has not: it runs no rooms of theirs.
            Tell(new RoomsShown(heard.Kind, _node, heard.Incarnation, 1, 1) { IsWhole = true });
        }
    }

    private void OnTick()
    {
        var now = Now;
        _requests.Tick(now);
        foreach (var feed in _feeds.Values)
        {
            Tell(feed.Tick(now));
        }
    }

    private void OnWake()
    {
        foreach (var kind in _kinds.All)
        {
            Tell(new RoomsShown(kind.Name, _node, 0, 0, 0));
        }
    }

    private RoomFeed FeedOf(string kind)
    {
        if (!_feeds.TryGetValue(kind, out var feed))
        {
            _feeds.Add(kind, feed = new RoomFeed(kind, _node));
        }

        return feed;
    }

    private void Tell(LobbyMessage? message)
    {
        if (message is not null)
        {
            _region()?.Tell(message, Self);
        }
    }

    /// <summary>A client asks.</summary>
    public sealed record Asked(LobbyRequest Request, LobbyAskKind What) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>A client waits no more.</summary>
    public sealed record Forgotten(long Connection, string Kind) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>A room of this node is so; null: it is not here any more.</summary>
    public sealed record Shown(string Kind, string Room, RoomListing? Listing) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Lobbies may have ended.</summary>
    public sealed class Wake : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Wake Instance = new();
    }

    private sealed class Tick : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly Tick Instance = new();
    }
}
