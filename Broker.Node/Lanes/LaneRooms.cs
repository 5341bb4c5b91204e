using Broker.Node.Delivery;
using Broker.Node.Links;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>
/// The rooms in which connections of this node have seats, as far as they are one lane's: carries what clients ask to whoever runs the room, and what
/// the room says to the clients; the other way round for rooms that run here. Single-threaded: only its lane calls it.
/// </summary>
/// <remarks>
/// Every request of a client is answered once: by the room, or here with <c>unavailable</c> where it was certainly not taken and with <c>timeout</c>
/// where that is not known. What may be asked twice is asked again every second. Where an owner is silent, removed or says so, the seats are
/// announced to the next one by the shard region.
/// </remarks>
internal sealed partial class LaneRooms
{
    /// <summary>Requests of one room and node that wait for an answer.</summary>
    public const int MaxRequests = 1024;

    /// <summary>After which an owner of whom nothing is heard is looked for again.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan QuickRetry = TimeSpan.FromMilliseconds(90);

    /// <summary>For which a room is looked for in short intervals: a hand-over takes less, a crash much longer.</summary>
    private static readonly TimeSpan Haste = TimeSpan.FromSeconds(1.5);

    private readonly LaneIdentity _identity;
    private readonly IRoomRuns _runs;
    private readonly ISequencedLogs _logs;
    private readonly LinkSet _links;
    private readonly Func<TimeSpan> _now;
    private readonly Dictionary<string, LocalRoom> _rooms = new(StringComparer.Ordinal);
    private readonly List<Subscription> _ending = [];

    /// <summary>Rooms that run here, and nodes that could not be told something.</summary>
    private readonly Dictionary<(string Room, uint Node), long> _missed = [];
    private readonly MessageBuffer _buffer = new();
    private long _number;

    public LaneRooms(LaneIdentity identity, IRoomRuns runs, ISequencedLogs logs, LinkSet links, Func<TimeSpan> now)
    {
        (_identity, _runs, _logs, _links, _now) = (identity, runs, logs, links, now);

        // The next life of the lane does not count as this one did.
        _number = identity.Incarnation << 32;
    }

    /// <summary>Something is to be looked at in short intervals.</summary>
    public bool IsBusy { get; private set; }

    /// <param name="command">A <see cref="RoomCommand"/> or a <see cref="RoomPushCommand"/>.</param>
    /// <param name="isOpen">The node may promise something.</param>
    public void Execute(LaneCommand command, bool isOpen)
    {
        if (command is RoomPushCommand pushes)
        {
            foreach (var (push, nodes) in pushes.Pushes)
            {
                Tell(push, nodes, isOpen);
            }
        }
        else if (command is RoomCommand request)
        {
            Ask(request, isOpen);
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Leave(Subscription subscription)
    {
        _logs.Leave(subscription);
        var connection = subscription.Writer.ConnectionId;
        if (!_rooms.TryGetValue(RoomOf(subscription), out var room) || !room.Seats.Remove(connection, out var seat))
        {
            return;
        }

        foreach (var request in room.Requests.Values.Where(request => request.Input.Connection == connection).ToList())
        {
            room.Requests.Remove(request.Input.Number);
        }

        Drop(room, connection);
    }

    /// <summary>Of another node's lane, by the owned link. False: it makes no sense.</summary>
    public bool Receive(uint peer, in EnvelopeEntry entry)
    {
        var (input, push) = RoomCodec.Read(entry.Payload);
        if (push is not null)
        {
            OnPush(peer, push);
        }
        else if (input?.Node == peer)
        {
            OnInput(peer, input);
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>Something on the owned link was lost: those who have seats there ask for the state.</summary>
    public void OnGap(uint peer)
    {
        foreach (var room in _rooms.Values)
        {
            if (room.Owner == peer)
            {
                AnnounceAll(room, isAnew: true);
            }
        }
    }

    public void OnPeerRemoved(uint peer)
    {
        foreach (var room in _rooms.Values.ToList())
        {
            if (room.Owner == peer)
            {
                Lose(room, isTold: true);
            }
        }

        foreach (var missed in _missed.Keys.Where(missed => missed.Node == peer).ToList())
        {
            _missed.Remove(missed);
        }
    }

    public void Tick()
    {
        IsBusy = false;
        foreach (var (missed, generation) in _missed.ToList())
        {
            if (TryOffer(missed.Node, new RoomPush(RoomPushKind.Missed, missed.Room, generation)))
            {
                _missed.Remove(missed);
            }
        }

        foreach (var room in _rooms.Values.ToList())
        {
            if (room.Owner != 0 && room.Seats.Count > 0 && _now() - room.Heard > Silence)
            {
                Lose(room, isTold: true);
            }

            Remind(room);
        }

        for (var i = _ending.Count - 1; i >= 0; i--)
        {
            if (_ending[i].IsAtEnd)
            {
                _logs.Leave(_ending[i]);
                _ending.RemoveAt(i);
            }
        }
    }

    private static string RoomOf(Subscription subscription) => System.Text.Encoding.ASCII.GetString(subscription.Topic.AsSpan("$play.".Length));

    private void Ask(RoomCommand command, bool isOpen)
    {
        var (input, subscription) = (command.Input, command.Subscription);
        if (subscription.HasLeft)
        {
            return;
        }

        var room = Find(input.Room, subscription.Topic);
        var hasSeat = room.Seats.ContainsKey(input.Connection);
        var joins = input.Kind is RoomInputKind.Create or RoomInputKind.Join;
        if (!hasSeat && joins)
        {
            room.Seats.Add(input.Connection, new LocalSeat(subscription, command.Connection));
        }

        // A seat that has just ended: its client has been told, and may not have read it when it asked.
        var request = new RoomRequest(input with { Node = _identity.Node, Number = ++_number }, subscription, _now());
        if (!hasSeat && !joins)
        {
            Refuse(room, request, ErrorCode.Forbidden);
        }
        else if (!isOpen || room.Requests.Count >= MaxRequests)
        {
            Refuse(room, request, ErrorCode.Unavailable);
        }
        else
        {
            room.Requests.Add(request.Input.Number, request);
            Send(room, request);
        }

        Forget(room);
    }

    /// <summary>To the owner; where there is none, what wakes one goes by the region, and everything else waits.</summary>
    private void Send(LocalRoom room, RoomRequest request)
    {
        var isSent = true;
        if (room.Owner == 0)
        {
            isSent = request.Wakes;
            if (isSent)
            {
                _runs.Ask(request.Input);
            }
        }
        else if (room.Owner == _identity.Node)
        {
            if (_runs.Find(room.Id) is not { } actor)
            {
                Lose(room, isTold: false);
                return;
            }

            actor.Tell(request.Input, Akka.Actor.ActorRefs.NoSender);
        }
        else
        {
            RoomCodec.Write(_buffer.Clear(), request.Input);
            isSent = TryOffer(room.Owner);
        }

        request.Sent = isSent ? _now() : request.Wakes ? _now() : null;
        request.Generation = room.Generation;
        IsBusy |= room.Owner == 0;
        if (isSent && !request.Input.Id.IsPresent && request.Input.Kind == RoomInputKind.Send)
        {
            // Nobody waits for an answer.
            room.Requests.Remove(request.Input.Number);
        }
    }

    /// <summary>What has waited too long is given up, and what may be asked again is.</summary>
    private void Remind(LocalRoom room)
    {
        foreach (var request in room.Requests.Values.ToList())
        {
            var kind = request.Input.Kind;
            if (_now() - request.Begun > Patience && kind != RoomInputKind.Announce)
            {
                room.Requests.Remove(request.Input.Number);
                if (request.Subscription is not null)
                {
                    Refuse(room, request, kind is RoomInputKind.Create or RoomInputKind.Join || request.Sent is null ? ErrorCode.Unavailable : ErrorCode.Timeout);
                }
            }
            else if (request.Sent is null ? room.Owner != 0 : request.IsIdempotent && _now() - request.Sent > RetryOf(room, request))
            {
                Send(room, request);
            }

            IsBusy |= RetryOf(room, request) == QuickRetry;
        }

        Forget(room);
    }

    private TimeSpan RetryOf(LocalRoom room, RoomRequest request) => room.Owner == 0 && _now() - request.Begun < Haste ? QuickRetry : Retry;

    /// <summary>By this lane, without having asked, or having asked in vain.</summary>
    private void Refuse(LocalRoom room, RoomRequest request, ErrorCode error)
    {
        var (input, subscription) = (request.Input, request.Subscription!);
        if (input.Kind == RoomInputKind.Leave && error == ErrorCode.Forbidden)
        {
            subscription.Form.Format.Codec().Write(_logs.Replies.Begin(), new RoomLeftMessage(input.Id, room.Id, "left"));
            _logs.Replies.Queue(subscription.Writer);
        }
        else if (input.Id.IsPresent || input.Kind != RoomInputKind.Send)
        {
            _logs.Replies.Error(subscription.Writer, subscription.Form.Format, new ErrorMessage(error, input.Id));
        }

        if (input.Kind is RoomInputKind.Create or RoomInputKind.Join)
        {
            Unseat(room, input.Connection);
        }
    }

    /// <summary>A seat that was never given.</summary>
    private static void Unseat(LocalRoom room, long connection)
    {
        if (room.Seats.TryGetValue(connection, out var seat) && seat.Token is null)
        {
            room.Seats.Remove(connection);
            seat.Connection.Tell(new RoomSeatEnded(seat.Subscription), Akka.Actor.ActorRefs.NoSender);
        }
    }

    /// <summary>The owner is not where it was.</summary>
    /// <param name="isTold">Clients are told that the room stands still.</param>
    private void Lose(LocalRoom room, bool isTold)
    {
        room.Owner = 0;
        if (isTold)
        {
            var message = MessageBuffer.OfThread;
            WireFormat.Json.Codec().Write(message, new RoomPausedMessage(room.Id));
            _logs.AppendTo(room.Topic, new LogEntry(message.Written, WireFormat.Json));
        }

        AnnounceAll(room);
        foreach (var request in room.Requests.Values.ToList())
        {
            if (request.Wakes && request.Input.Kind != RoomInputKind.Announce)
            {
                Send(room, request);
            }
        }

        Forget(room);
    }

    /// <summary>Whoever runs the room is to know who is here, and to show them the state.</summary>
    /// <param name="room">The room.</param>
    /// <param name="isAnew">An answer may have been lost: it is another announcement.</param>
    private void AnnounceAll(LocalRoom room, bool isAnew = false)
    {
        foreach (var (connection, seat) in room.Seats)
        {
            if (seat.Token is null)
            {
                continue;
            }

            if (isAnew)
            {
                room.Requests.Remove(seat.Announcement);
            }

            if (!room.Requests.TryGetValue(seat.Announcement, out var request))
            {
                var input = new RoomInput(RoomInputKind.Announce, room.Id) { Node = _identity.Node, Connection = connection, Token = seat.Token, Number = ++_number };
                request = new RoomRequest(input, null, _now());
                seat.Announcement = _number;
                room.Requests.Add(_number, request);
            }

            Send(room, request);
        }
    }

    /// <summary>The room is to know that a connection has ended.</summary>
    private void Drop(LocalRoom room, long connection)
    {
        var request = new RoomRequest(new RoomInput(RoomInputKind.Drop, room.Id) { Node = _identity.Node, Connection = connection, Number = ++_number }, null, _now());
        if (room.Owner != 0 || room.Requests.Values.Any(one => one.Wakes))
        {
            room.Requests.Add(_number, request);
            Send(room, request);
        }

        // Where nobody runs the room, the next who does waits for those who do not come.
        Forget(room);
    }

    private LocalRoom Find(string id, byte[] topic)
    {
        if (!_rooms.TryGetValue(id, out var room))
        {
            room = new LocalRoom(id, topic);
            _rooms.Add(id, room);
        }

        return room;
    }

    private void Forget(LocalRoom room)
    {
        if (room.IsIdle)
        {
            _rooms.Remove(room.Id);
        }
    }

    private bool TryOffer(uint node, RoomPush push)
    {
        RoomCodec.Write(_buffer.Clear(), push);
        return TryOffer(node);
    }

    private bool TryOffer(uint node) =>
        _links.TryOffer(node, LinkKind.Owned, new EnvelopeEntry(EntryKind.Room, default, default, 0, 0, _buffer.Written), _now());
}
