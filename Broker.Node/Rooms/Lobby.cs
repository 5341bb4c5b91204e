using Broker.Node.Lanes;
using Broker.Protocol.Wire;

namespace Broker.Node.Rooms;

/// <summary>
/// The lobby of a kind: knows the kind's rooms of all nodes, and finds seats in them. A seat is decided by the room alone; the lobby asks
/// the fullest room that matches, the next one when that refuses, and has a room made where there is none. Not thread-safe.
/// </summary>
/// <remarks>
/// Searches that come while a room is being made are put onto it until it would be full: so many searches at once make as many rooms as they
/// fill, and one more that they do not fill.
/// </remarks>
internal sealed partial class Lobby
{
    /// <summary>How long a seat is looked for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Between asking a room and asking it again, and how long one that refuses is left alone.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    /// <summary>Rooms that are made for one search.</summary>
    private const int MostMade = 2;

    private readonly LobbySettings _settings;
    private readonly ILobbyOutput _output;
    private readonly LobbyHearing _hearing;
    private readonly LobbyAnswers _answers = new();
    private readonly MatchQueue _queue;
    private readonly Dictionary<(uint Node, long Number), LobbyAsk> _early = [];
    private readonly Dictionary<(uint Node, long Number), LobbySearch> _searches = [];
    private readonly Queue<LobbySearch> _deadlines = [];
    private readonly Dictionary<long, RoomAsk> _asks = [];
    private readonly Queue<(long Number, TimeSpan At)> _asksAgain = [];
    private readonly Dictionary<LobbyRoom, List<LobbySearch>> _making = [];
    private long _number;
    private TimeSpan _lookedAt;

    public Lobby(LobbySettings settings, ILobbyOutput output, TimeSpan now)
    {
        (_settings, _output, _number, _lookedAt) = (settings, output, settings.Incarnation, now);
        _hearing = new LobbyHearing(now);
        _queue = new MatchQueue(settings.MatchWait);
    }

    /// <summary>Whether it answers: it has heard the nodes, or has waited for them long enough.</summary>
    public bool IsReady => _hearing.IsReady;

    public void Take(LobbyAsk ask, TimeSpan now)
    {
        if (ask.What == LobbyAskKind.Forget)
        {
            Forget(ask.Node, ask.Number, now);
        }
        else if (_hearing.Of(ask.Node) is null)
        {
            // A member that this node has not seen yet asks again; one that was removed is nobody's.
        }
        else if (_answers.TryFind(ask.Node, ask.Number, out var known))
        {
            _output.Tell(ask.Node, known);
        }
        else if (_searches.ContainsKey((ask.Node, ask.Number)))
        {
            // It is answered when the room has answered.
        }
        else if (_hearing.IsReady)
        {
            Begin(ask, now);
        }
        else if (_early.Count < _settings.MostRequests)
        {
            _early.TryAdd((ask.Node, ask.Number), ask);
        }
        else
        {
            Refuse(ask);
        }
    }

    /// <summary>A room has answered.</summary>
    public void Take(RoomReply reply, TimeSpan now)
    {
        if (!_asks.Remove(reply.Number, out var ask))
        {
            return;
        }

        if (ask.Search is null)
        {
            OnMade(ask.Room, reply.Error, now);
        }
        else if (reply.Error == ErrorCode.None && reply.Token is not null)
        {
            ask.Room.Give(now + Again);
            Changed(ask.Room, now);
            Answer(ask.Search, new LobbyReply(_settings.Kind, ask.Search.Ask.Number, ErrorCode.None) { Room = ask.Room.Id, Token = reply.Token }, now);
        }
        else
        {
            OnRefused(ask.Room, ask.Search, reply.Error, now);
        }
    }

    /// <summary>Several times a second.</summary>
    public void Tick(TimeSpan now)
    {
        if (_hearing.BecomesReady(now))
        {
            foreach (var ask in _early.Values)
            {
                Begin(ask, now);
            }

            _early.Clear();
        }

        Call(now);

        // First, so that no room is made for a search that is over.
        while (_deadlines.TryPeek(out var oldest) && oldest.Deadline <= now)
        {
            _deadlines.Dequeue();
            GiveUp(oldest, now);
        }

        AskAgain(now);

        Settle(now);
        foreach (var group in _queue.Due(now))
        {
            Match(group, now);
        }

        if (now - _lookedAt >= Again)
        {
            _lookedAt = now;
            _queue.RemoveSilent(now);
            _answers.Forget(now);
        }
    }

    private void Begin(LobbyAsk ask, TimeSpan now)
    {
        switch (ask.What)
        {
            case LobbyAskKind.List:
                _output.Tell(ask.Node, ListOf(ask));
                break;
            case LobbyAskKind.Wait when _queue.Heard(ask, now):
                _output.Tell(ask.Node, new LobbyReply(_settings.Kind, ask.Number, ErrorCode.None) { IsWaiting = true });
                break;
            case var _ when _searches.Count + _queue.Count >= _settings.MostRequests:
                Refuse(ask);
                break;
            case LobbyAskKind.Wait:
                _output.Tell(ask.Node, new LobbyReply(_settings.Kind, ask.Number, ErrorCode.None) { IsWaiting = true });
                Match(_queue.Add(ask, now), now);
                break;
            default:
                Place(Search(ask, now), now);
                break;
        }
    }

    private void Refuse(LobbyAsk ask) => _output.Tell(ask.Node, new LobbyReply(_settings.Kind, ask.Number, ErrorCode.Unavailable));

    private LobbySearch Search(LobbyAsk ask, TimeSpan now)
    {
        var search = new LobbySearch(ask, now + Patience);
        _searches.Add((ask.Node, ask.Number), search);
        _deadlines.Enqueue(search);
        return search;
    }

    /// <summary>Those who have waited together get a room that is made for them.</summary>
    private void Match(IReadOnlyList<LobbyAsk> group, TimeSpan now)
    {
        var searches = group.Select(ask => Search(ask with { MayCreate = true }, now)).ToList();
        if (searches.Count > 0 && Make(searches[0], now) is { } room)
        {
            searches.ForEach(search => Attach(search, room, now));
        }
        else
        {
            searches.ForEach(search => Fail(search, ErrorCode.Unavailable, now));
        }
    }

    private void Place(LobbySearch search, TimeSpan now)
    {
        var room = _open.First(search.Ask.Filters, search.Refused);
        if (room is null && !search.Ask.MayCreate)
        {
            Fail(search, search.LastRefusal, now);
        }
        else if (room is null && search.Made >= MostMade)
        {
            Fail(search, search.LastRefusal is ErrorCode.RoomNotFound or ErrorCode.RoomFull ? ErrorCode.Unavailable : search.LastRefusal, now);
        }
        else if ((room ?? Make(search, now)) is { } found)
        {
            Attach(search, found, now);
        }
        else
        {
            Fail(search, ErrorCode.Unavailable, now);
        }
    }

    /// <returns>Null: there are too many rooms.</returns>
    private LobbyRoom? Make(LobbySearch search, TimeSpan now)
    {
        if (_rooms.Count >= _settings.MostRooms)
        {
            return null;
        }

        var room = new LobbyRoom(RoomId.New(_settings.Kind), ++_order) { MadeFor = search.Ask.Filters };
        room.Make(search.Ask.Seats);
        _rooms.Add(room.Id, room);
        _making.Add(room, []);
        Ask(
            new RoomInput(RoomInputKind.Create, room.Id) { RoomKind = _settings.Kind, Options = search.Ask.Options, Format = WireFormat.Json, User = search.Ask.User },
            room,
            null,
            now);
        return room;
    }

    private void Attach(LobbySearch search, LobbyRoom room, TimeSpan now)
    {
        search.Room = room;
        room.Ask();
        Changed(room, now);
        if (_making.TryGetValue(room, out var waiting))
        {
            search.Made++;
            waiting.Add(search);
        }
        else
        {
            Reserve(search, room, now);
        }
    }

    private void Reserve(LobbySearch search, LobbyRoom room, TimeSpan now) =>
        search.Number = Ask(new RoomInput(RoomInputKind.Reserve, room.Id) { User = search.Ask.User }, room, search, now);

    private long Ask(RoomInput input, LobbyRoom room, LobbySearch? search, TimeSpan now)
    {
        var ask = new RoomAsk(input with { Node = _settings.Node, Number = ++_number }, room, search, now + Patience);
        _asks.Add(_number, ask);
        _asksAgain.Enqueue((_number, now + Again));
        _output.Ask(ask.Input);
        return _number;
    }

    private void AskAgain(TimeSpan now)
    {
        while (_asksAgain.TryPeek(out var next) && next.At <= now)
        {
            _asksAgain.Dequeue();
            if (!_asks.TryGetValue(next.Number, out var ask))
            {
                continue;
            }

            if (ask.Deadline > now)
            {
                _output.Ask(ask.Input);
                _asksAgain.Enqueue((next.Number, now + Again));
            }
            else if (ask.Search is null)
            {
                _asks.Remove(next.Number);
                OnMade(ask.Room, ErrorCode.Unavailable, now);
            }
        }
    }

    private void OnMade(LobbyRoom room, ErrorCode error, TimeSpan now)
    {
        _making.Remove(room, out var waiting);
        room.IsBeingMade = false;
        if (error == ErrorCode.None)
        {
            _unshown.Enqueue((room, now + Patience));
            waiting!.ForEach(search => Reserve(search, room, now));
            return;
        }

        Drop(room);
        foreach (var search in waiting!)
        {
            search.Refuse(error);
            Place(search, now);
        }
    }

    private void OnRefused(LobbyRoom room, LobbySearch search, ErrorCode error, TimeSpan now)
    {
        room.Refuse(error == ErrorCode.RoomFull, now + Again);
        if (error == ErrorCode.RoomNotFound)
        {
            Drop(room);
        }
        else if (error != ErrorCode.RoomFull)
        {
            room.ShutUntil = now + Again;
        }

        Changed(room, now);
        search.Refuse(error);
        Place(search, now);
    }

    private void GiveUp(LobbySearch search, TimeSpan now)
    {
        if (IsOpen(search))
        {
            Detach(search, now);
            Fail(search, ErrorCode.Unavailable, now);
        }
    }

    private void Forget(uint node, long number, TimeSpan now)
    {
        _early.Remove((node, number));
        _queue.Remove(node, number);
        if (_searches.Remove((node, number), out var search))
        {
            Detach(search, now);
        }
    }

    /// <summary>What becomes of the seat that was asked for is not known: it counts as taken until the room shows otherwise.</summary>
    private void Detach(LobbySearch search, TimeSpan now)
    {
        if (search.Room is not { } room)
        {
            return;
        }

        if (_making.TryGetValue(room, out var waiting))
        {
            waiting.Remove(search);
            room.Refuse(isFull: false, now);
        }
        else
        {
            _asks.Remove(search.Number);
            room.Give(now + Again);
        }

        Changed(room, now);
    }

    private bool IsOpen(LobbySearch search) => _searches.TryGetValue((search.Ask.Node, search.Ask.Number), out var known) && known == search;

    private void Fail(LobbySearch search, ErrorCode error, TimeSpan now) => Answer(search, new LobbyReply(_settings.Kind, search.Ask.Number, error), now);

    private void Answer(LobbySearch search, LobbyReply reply, TimeSpan now)
    {
        _searches.Remove((search.Ask.Node, search.Ask.Number));
        _answers.Keep(search.Ask.Node, reply, now);
        _output.Tell(search.Ask.Node, reply);
    }

    /// <summary>Something that a room is asked until it answers.</summary>
    /// <param name="Input">The same each time.</param>
    /// <param name="Room">Who is asked.</param>
    /// <param name="Search">For whom a seat is to be kept; null: the room is to be made.</param>
    /// <param name="Deadline">When it is not asked any more.</param>
    private sealed record RoomAsk(RoomInput Input, LobbyRoom Room, LobbySearch? Search, TimeSpan Deadline);
}
