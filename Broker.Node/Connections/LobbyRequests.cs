using System.Text;
using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Protocol.Wire;
using Broker.Rooms;

namespace Broker.Node.Connections;

/// <summary>What one connection asks of rooms by their kind: the lobby finds them, and the connection joins. Single-threaded: its session's.</summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections; has a lobby.</param>
/// <param name="auth">What the client may do.</param>
/// <param name="replies">Tells the client why not.</param>
/// <param name="rooms">Joins what was found.</param>
/// <param name="self">The connection's actor, which gets <see cref="LobbyAnswer"/>.</param>
internal sealed class LobbyRequests(IClientTransport connection, ConnectionServices services, SessionAuth auth, SessionReplies replies, RoomRequests rooms, IActorRef self)
{
    /// <summary>Rooms of a list whose request says no number.</summary>
    public const int DefaultLimit = 100;

    private readonly Dictionary<long, LobbySearch> _open = [];
    private readonly WireFormat _format = connection.Request!.Format;
    private long _last;

    private IRoomLobby Lobby => services.Lobby!;

    private Rights Rights => auth.Identity!.Rights;

    private IWireCodec Codec => connection.Writer.Framing.Codec;

    /// <summary>A request that names no room.</summary>
    public void Take(in ClientMessage message, MessageBatch batch)
    {
        var error = Check(message);
        if (error == ErrorCode.None)
        {
            switch (message.Type)
            {
                case ClientMessageType.RoomJoin:
                    error = Find(message, batch);
                    break;
                case ClientMessageType.RoomList:
                    error = List(message, batch);
                    break;
                case ClientMessageType.MatchJoin:
                    Wait(message);
                    break;
                default:
                    Forget(message);
                    break;
            }
        }

        if (error != ErrorCode.None)
        {
            replies.Fail(error, message.Id);
        }
    }

    public void OnAnswer(LobbyAnswer answer)
    {
        if (!_open.TryGetValue(answer.Number, out var search))
        {
            // The client did not want it any more.
            return;
        }

        if (answer is { Error: ErrorCode.None, IsWaiting: true })
        {
            Send(new MatchWaitingMessage(search.Id, search.Kind), static (codec, output, message) => codec.Write(output, message));
            return;
        }

        _open.Remove(answer.Number);
        if (answer is { Error: ErrorCode.None, Room: { } room } && search.Join is { } join)
        {
            Fail(rooms.JoinFound(room, join with { Token = answer.Token }, search.Batch), search.Id);
            return;
        }

        search.Batch?.Release();
        if (answer.Error != ErrorCode.None)
        {
            Fail(answer.Error, search.Id);
        }
        else if (search.Type == ClientMessageType.RoomList)
        {
            Send(new RoomListMessage(search.Id, answer.Rooms) { After = answer.After }, static (codec, output, message) => codec.Write(output, message));
        }
        else
        {
            Send(new MatchFoundMessage(search.Kind, answer.Room ?? "", answer.Token ?? ""), static (codec, output, message) => codec.Write(output, message));
        }
    }

    /// <summary>After a change of rights to fewer.</summary>
    public void EndLost()
    {
        foreach (var (number, search) in _open)
        {
            if (search.Type == ClientMessageType.MatchJoin && !MayJoin(search.Kind))
            {
                _open.Remove(number);
                Lobby.Forget(connection.Id, search.Kind);
                Fail(ErrorCode.Forbidden, search.Id);
            }
        }
    }

    /// <summary>Nobody waits any more. Safe to repeat.</summary>
    public void End()
    {
        if (_open.Count > 0)
        {
            Lobby.Forget(connection.Id, "");
        }

        foreach (var search in _open.Values)
        {
            search.Batch?.Release();
        }

        _open.Clear();
    }

    private ErrorCode Check(in ClientMessage message)
    {
        // The keys of other types mean nothing.
        var isWrong = message.Type switch
        {
            ClientMessageType.RoomJoin => message.Options.Length > RoomLimits.Data || !RoomFields.TryRead(message.Code, out _) || !RoomFields.IsPlayerData(message.Data, _format),
            ClientMessageType.RoomList => message.After.Length > RoomId.MaxLength,
            _ => !RoomFields.IsPlayerData(message.Data, _format),
        };
        if (isWrong || message.Match.Length > RoomFields.MaxMatch || message.Kind.Length > RoomLimits.KindName)
        {
            return ErrorCode.InvalidMessage;
        }

        if ((message.Asked & RequestKey.Kind) == 0)
        {
            // A list of all kinds; the others have one.
            return ErrorCode.None;
        }

        return !Rights.MayJoinRoom(message.Kind.Span) ? ErrorCode.Forbidden
            : services.Kinds.TryGet(TextOf(message.Kind), out _) ? ErrorCode.None
            : ErrorCode.RoomNotFound;
    }

    /// <summary>A token is of one room; with a kind it means nothing and is not read.</summary>
    private ErrorCode Find(in ClientMessage message, MessageBatch batch)
    {
        if (!rooms.MayAdd)
        {
            return ErrorCode.LimitExceeded;
        }

        RoomFields.TryRead(message.Code, out var code);
        var id = message.Id.Retain();
        var kind = TextOf(message.Kind);
        var join = new RoomInput(RoomInputKind.Join, "")
        {
            Connection = connection.Id,
            Id = id,
            User = auth.Identity!.User,
            Code = code,
            AsSpectator = message.Spectator,
            Data = message.Data.ToArray(),
            Format = _format,
        };
        batch.Retain();
        Lobby.Find(Open(new LobbySearch(message.Type, id, kind) { Batch = batch, Join = join }, message) with
        {
            MayCreate = Rights.MayCreateRoom(message.Kind.Span),
            Options = RoomFields.ToJson(message.Options, _format),
        });
        return ErrorCode.None;
    }

    private ErrorCode List(in ClientMessage message, MessageBatch batch)
    {
        var kind = TextOf(message.Kind);
        string[] kinds = kind.Length > 0 ? [kind] : [.. services.Kinds.All.Select(static one => one.Name).Where(MayJoin).Order(StringComparer.Ordinal)];
        if (kinds.Length == 0)
        {
            return ErrorCode.Forbidden;
        }

        batch.Retain();
        Lobby.List(Open(new LobbySearch(message.Type, message.Id.Retain(), kind) { Batch = batch }, message) with
        {
            Kinds = kinds,
            Limit = message.Limit ?? DefaultLimit,
            After = message.After.IsEmpty ? null : TextOf(message.After),
        });
        return ErrorCode.None;
    }

    private void Wait(in ClientMessage message)
    {
        var kind = TextOf(message.Kind);
        if (IsWaiting(kind))
        {
            // It keeps its place.
            Send(new MatchWaitingMessage(message.Id, kind), static (codec, output, reply) => codec.Write(output, reply));
        }
        else
        {
            Lobby.Wait(Open(new LobbySearch(message.Type, message.Id.Retain(), kind), message) with { MayCreate = Rights.MayCreateRoom(message.Kind.Span) });
        }
    }

    private void Forget(in ClientMessage message)
    {
        var kind = TextOf(message.Kind);
        if (IsWaiting(kind))
        {
            _open.Remove(_open.First(open => open.Value.Type == ClientMessageType.MatchJoin && open.Value.Kind == kind).Key);
            Lobby.Forget(connection.Id, kind);
        }

        Send(new ResultMessage(message.Id, default), static (codec, output, reply) => codec.Write(output, reply));
    }

    private LobbyRequest Open(LobbySearch search, in ClientMessage message)
    {
        _open.Add(++_last, search);
        return new LobbyRequest(connection.Id, self, _last, search.Kind) { User = auth.Identity!.User, Match = RoomFields.ToJson(message.Match, _format) };
    }

    private bool IsWaiting(string kind) => _open.Values.Any(search => search.Type == ClientMessageType.MatchJoin && search.Kind == kind);

    private bool MayJoin(string kind) => Rights.MayJoinRoom(Encoding.ASCII.GetBytes(kind));

    private void Fail(ErrorCode error, WireId id)
    {
        if (error != ErrorCode.None)
        {
            replies.Fail(error, id, retryAfter: error == ErrorCode.Unavailable ? LaneReplies.RetryAfter : null);
        }
    }

    private void Send<T>(T message, Action<IWireCodec, MessageBuffer, T> write)
    {
        var reply = MessageBuffer.OfThread;
        write(Codec, reply, message);
        connection.Writer.Reply(reply);
    }

    private static string TextOf(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
