using System.Diagnostics.CodeAnalysis;
using System.Text;
using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Broker.Rooms;

namespace Broker.Node.Connections;

/// <summary>
/// The rooms of one connection: checks what its client asks of them, and has the lane of the room's pushes ask the room, which answers. What waits
/// for a room outlives its frame, so all of it is copied; the batch is held until the lane has it, which takes no more than <see cref="LaneRooms.MaxRequests"/>
/// of a room. Single-threaded: its session's.
/// </summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="auth">What the client may do.</param>
/// <param name="replies">What needs no room is answered here.</param>
/// <param name="self">The connection's actor, which gets <see cref="RoomSeatEnded"/>.</param>
internal sealed class RoomRequests(IClientTransport connection, ConnectionServices services, SessionAuth auth, SessionReplies replies, IActorRef self)
{
    private readonly Dictionary<byte[], RoomSeat> _seats = new(TopicKeyComparer.Instance);
    private Dictionary<string, RoomBucket>? _buckets;

    /// <summary>Seats in rooms with steps.</summary>
    private int _playing;
    private readonly PushForm _form = new(connection.Request!.Format, connection.Request.Deflate);

    public IEnumerable<Subscription> Cursors => _seats.Values.Select(static seat => seat.Cursor);

    /// <summary>Another seat may be asked for.</summary>
    public bool MayAdd => _seats.Count < services.Options.Limits.Rooms;

    /// <summary>A seat is in a room with steps, or asked for there.</summary>
    public bool IsPlaying => _playing > 0;

    private Rights Rights => auth.Identity!.Rights;

    /// <summary>What is asked of a room by its id, or of a new one.</summary>
    public void Take(in ClientMessage message, MessageBatch batch)
    {
        var error = message.Type switch
        {
            ClientMessageType.RoomCreate => Create(message, batch),
            ClientMessageType.RoomJoin => Join(message, batch),
            _ => Ask(message, batch),
        };
        if (error == ErrorCode.Unavailable)
        {
            replies.Fail(error, message.Id, retryAfter: LaneReplies.RetryAfter);
        }
        else if (error != ErrorCode.None)
        {
            replies.Fail(error, message.Id);
        }
    }

    /// <summary>Of what is said in a room with steps; null: the message is something else.</summary>
    public RoomBucket? BucketOf(in ClientMessage message) =>
        message.Type == ClientMessageType.RoomSend && TryFind(message.Room.Span, out var seat) ? seat.Bucket : null;

    /// <summary>A room that the lobby has found.</summary>
    /// <param name="room">An id of a server's.</param>
    /// <param name="join">The rest of the request.</param>
    /// <param name="batch">Of the request; released by this call, or when the room has answered.</param>
    public ErrorCode JoinFound(string room, RoomInput join, MessageBatch? batch)
    {
        var error = TrySit(Encoding.ASCII.GetBytes(room), room, returns: join.Token is not null, out var seat);
        if (seat is null)
        {
            batch?.Release();
        }
        else
        {
            services.Lanes.Post(new RoomCommand(seat.Cursor, join with { Room = room }, self) { Batch = batch });
        }

        return error;
    }

    /// <summary>The connection has no seat there any more, or got none.</summary>
    public void OnSeatEnded(Subscription cursor)
    {
        if (_seats.Values.FirstOrDefault(seat => ReferenceEquals(seat.Cursor, cursor)) is { } seat)
        {
            _seats.Remove(Encoding.ASCII.GetBytes(seat.Room));
            _playing -= seat.Bucket is null ? 0 : 1;
        }
    }

    /// <summary>After a change of rights to fewer: whoever may neither join nor create rooms of a kind has no place in one.</summary>
    public void EndLost()
    {
        foreach (var seat in _seats.Values)
        {
            var kind = Encoding.ASCII.GetBytes(seat.Kind);
            if (!seat.IsLeaving && !Rights.MayJoinRoom(kind) && !Rights.MayCreateRoom(kind))
            {
                seat.IsLeaving = true;
                services.Lanes.Post(new RoomCommand(seat.Cursor, InputOf(RoomInputKind.Leave, seat.Room, default), self));
            }
        }
    }

    /// <summary>Nothing more is delivered. Safe to repeat.</summary>
    public void End()
    {
        services.Lanes.Leave(Cursors);
        _seats.Clear();
        _playing = 0;
    }

    private ErrorCode Create(in ClientMessage message, MessageBatch batch)
    {
        if (message.Kind.Length > RoomLimits.KindName || message.Options.Length > RoomLimits.Data || !RoomFields.IsPlayerData(message.Data, _form.Format))
        {
            return ErrorCode.InvalidMessage;
        }

        if (!Rights.MayCreateRoom(message.Kind.Span))
        {
            return ErrorCode.Forbidden;
        }

        var kind = Encoding.ASCII.GetString(message.Kind.Span);
        if (!services.Kinds.TryGet(kind, out _))
        {
            return ErrorCode.RoomNotFound;
        }

        if (!MayAdd)
        {
            return ErrorCode.LimitExceeded;
        }

        var seat = Add(RoomId.New(kind), kind);
        Post(seat, batch, InputOf(RoomInputKind.Create, seat.Room, message.Id) with
        {
            RoomKind = kind,
            Options = message.Options.ToArray(),
            Data = message.Data.ToArray(),
        });
        return ErrorCode.None;
    }

    private ErrorCode Join(in ClientMessage message, MessageBatch batch)
    {
        if (!RoomFields.TryRead(message.Token, out var token) || !RoomFields.TryRead(message.Code, out var code) || !RoomFields.IsPlayerData(message.Data, _form.Format))
        {
            return ErrorCode.InvalidMessage;
        }

        if (message.Room.Length > RoomId.MaxLength)
        {
            return ErrorCode.RoomNotFound;
        }

        var error = TrySit(message.Room.Span, Encoding.UTF8.GetString(message.Room.Span), returns: token is not null, out var seat);
        if (seat is not null)
        {
            Post(seat, batch, InputOf(RoomInputKind.Join, seat.Room, message.Id) with
            {
                Token = token,
                Code = code,
                AsSpectator = message.Spectator,
                Data = message.Data.ToArray(),
            });
        }

        return error;
    }

    /// <summary>The place of a seat that is to be asked for; that which is there already where the client asks again.</summary>
    /// <param name="returns">It has a token, which the room knows or refuses: for whoever created a room and may join none.</param>
    private ErrorCode TrySit(ReadOnlySpan<byte> utf8, string room, bool returns, out RoomSeat? seat)
    {
        seat = null;
        if (!RoomId.TryReadKind(room, out var kind))
        {
            return ErrorCode.RoomNotFound;
        }

        var kindUtf8 = Encoding.ASCII.GetBytes(kind);
        if (!Rights.MayJoinRoom(kindUtf8) && !(returns && Rights.MayCreateRoom(kindUtf8)))
        {
            return ErrorCode.Forbidden;
        }

        if (TryFind(utf8, out var present))
        {
            // Its cursor is about to be closed for good.
            seat = present.IsLeaving ? null : present;
            return present.IsLeaving ? ErrorCode.Unavailable : ErrorCode.None;
        }

        if (!MayAdd)
        {
            return ErrorCode.LimitExceeded;
        }

        seat = Add(room, kind);
        return ErrorCode.None;
    }

    /// <summary>What only those ask who have a seat.</summary>
    private ErrorCode Ask(in ClientMessage message, MessageBatch batch)
    {
        if (message.Data.Length > RoomLimits.Data || !RoomFields.TryRead(message.Type == ClientMessageType.Call ? message.Method : message.Name, out var name)
            || !RoomFields.TryRead(message.To, out var to))
        {
            return ErrorCode.InvalidMessage;
        }

        if (!TryFind(message.Room.Span, out var seat))
        {
            return AskWithoutSeat(message);
        }

        seat.IsLeaving |= message.Type == ClientMessageType.RoomLeave;
        var kind = message.Type switch
        {
            ClientMessageType.RoomLeave => RoomInputKind.Leave,
            ClientMessageType.RoomSend => RoomInputKind.Send,
            ClientMessageType.RoomSync => RoomInputKind.Sync,
            _ => RoomInputKind.Call,
        };
        var carries = kind is RoomInputKind.Send or RoomInputKind.Call;
        Post(seat, batch, InputOf(kind, seat.Room, message.Id) with
        {
            Name = carries ? name ?? "" : "",
            To = kind == RoomInputKind.Send ? to : null,
            Data = carries ? message.Data.ToArray() : default,
        });
        return ErrorCode.None;
    }

    /// <summary>A seat may have ended before the client could know: that is no abuse.</summary>
    private ErrorCode AskWithoutSeat(in ClientMessage message)
    {
        if (message.Room.Length > RoomId.MaxLength || !RoomId.TryReadKind(Encoding.UTF8.GetString(message.Room.Span), out _))
        {
            return ErrorCode.RoomNotFound;
        }

        if (message.Type == ClientMessageType.RoomLeave)
        {
            var reply = MessageBuffer.OfThread;
            connection.Writer.Framing.Codec.Write(reply, new RoomLeftMessage(message.Id, Encoding.ASCII.GetString(message.Room.Span), "left"));
            connection.Writer.Reply(reply);
        }
        else
        {
            replies.Refuse(new ErrorMessage(ErrorCode.Forbidden, message.Id));
        }

        return ErrorCode.None;
    }

    private bool TryFind(ReadOnlySpan<byte> room, [NotNullWhen(true)] out RoomSeat? seat) => _seats.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(room, out seat);

    private RoomSeat Add(string room, string kind)
    {
        var topic = TopicName.OfRoomPushes(room);
        var cursor = new Subscription(connection.Writer, topic, TopicName.Hash(topic)) { Form = _form, IsOfRoom = true };
        var seat = new RoomSeat(room, kind, cursor, BucketOfKind(kind));
        _seats.Add(Encoding.ASCII.GetBytes(room), seat);
        _playing += seat.Bucket is null ? 0 : 1;
        return seat;
    }

    /// <summary>Whoever takes more seats may not say more.</summary>
    private RoomBucket? BucketOfKind(string name)
    {
        if (!services.Kinds.TryGet(name, out var kind) || kind.Options.StepRate == 0)
        {
            return null;
        }

        _buckets ??= new Dictionary<string, RoomBucket>(StringComparer.Ordinal);
        if (!_buckets.TryGetValue(name, out var bucket))
        {
            _buckets.Add(name, bucket = new RoomBucket(kind.Options.StepRate, services.Time.TimestampFrequency));
        }

        return bucket;
    }

    private RoomInput InputOf(RoomInputKind kind, string room, WireId id) =>
        new(kind, room) { Connection = connection.Id, Id = id.Retain(), User = auth.Identity!.User, Format = _form.Format };

    private void Post(RoomSeat seat, MessageBatch batch, RoomInput input)
    {
        batch.Retain();
        services.Lanes.Post(new RoomCommand(seat.Cursor, input, self) { Batch = batch });
    }
}
