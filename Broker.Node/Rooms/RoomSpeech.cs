using Akka.Actor;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;
using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>
/// What a room says, as messages of clients, and to which nodes: those with a connection in the room, or that asked. Not thread-safe. Nothing goes out
/// by itself: <see cref="Take"/> it.
/// </summary>
/// <param name="room">Id of the room.</param>
/// <param name="kind">Of the room.</param>
/// <param name="time">For clients to read.</param>
/// <param name="listed">What the lobby shows has changed.</param>
internal sealed class RoomSpeech(string room, RoomKind kind, TimeProvider time, Action<RoomListing> listed) : IRoomOutput
{
    private readonly IWireCodec _codec = ((WireFormat)kind.Options.Format).Codec();
    private readonly MessageBuffer _buffer = new();
    private readonly Dictionary<RequestId, (RoomInput Input, IActorRef Sender)> _asked = [];
    private readonly Dictionary<uint, HashSet<long>> _present = [];

    /// <summary>The last of each connection that was answered: nodes announce again and again until then, and some of that comes late.</summary>
    private readonly Dictionary<RoomConnection, long> _announced = [];
    private List<(RoomPush Push, uint[] Nodes)> _said = [];
    private uint[] _nodes = [];

    /// <summary>Of what is said from now on.</summary>
    public long Generation { get; set; }

    /// <summary>Work that is to be started.</summary>
    public Queue<RoomWork> Work { get; } = new();

    /// <summary>For the log.</summary>
    public Queue<RoomReport> Reports { get; } = new();

    /// <summary>It has said its last word.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Nobody is in it, and what is kept of it is all there is.</summary>
    public bool HasSlept { get; set; }

    /// <summary>Nodes with somebody in the room.</summary>
    public uint[] Nodes => _nodes;

    /// <summary>A request is about to be given to the room. The default: it asks nothing.</summary>
    /// <returns>False: it is being answered already.</returns>
    public bool TryAsk(RoomInput input, IActorRef sender, out RequestId request)
    {
        request = input.Number == 0 ? default : new RequestId(input.Node, (ulong)input.Number);
        if (input.Kind == RoomInputKind.Announce && _announced.GetValueOrDefault(ConnectionOf(input)) >= input.Number)
        {
            return false;
        }

        return request.IsNone || _asked.TryAdd(request, (input, sender));
    }

    /// <summary>Who asks.</summary>
    public static RoomConnection ConnectionOf(RoomInput input) => new(input.Node, (ulong)input.Connection);

    /// <summary>The room knows that a connection has ended.</summary>
    public void Forget(RoomConnection connection)
    {
        _announced.Remove(connection);
        if (_present.TryGetValue((uint)connection.Node, out var connections) && connections.Remove((long)connection.Number) && connections.Count == 0)
        {
            _present.Remove((uint)connection.Node);
            _nodes = [.. _present.Keys];
        }
    }

    public void ForgetNode(uint node)
    {
        foreach (var connection in _announced.Keys.Where(one => one.Node == node).ToList())
        {
            _announced.Remove(connection);
        }

        _present.Remove(node);
        _nodes = [.. _present.Keys];
    }

    /// <summary>What has been said since the last time.</summary>
    public IReadOnlyList<(RoomPush Push, uint[] Nodes)> Take()
    {
        var said = _said;
        if (said.Count > 0)
        {
            _said = [];
        }

        return said;
    }

    /// <summary>To all nodes with somebody in the room, not by the room itself.</summary>
    public void Say(RoomPushKind what) => Add(new RoomPush(what, room, Generation), _nodes);

    /// <summary>A request is refused, not by the room itself.</summary>
    public void Refuse(RequestId request, ErrorCode error) => Write(new Refusal(request, error, null, default));

    /// <summary>A request is refused before there is a room that could say so.</summary>
    /// <returns>What goes to the node that asked; null: nothing, or it was the lobby, which has been told.</returns>
    public static RoomPush? Refuse(RoomInput input, IActorRef sender, ErrorCode error)
    {
        if (input.Connection == 0)
        {
            sender.Tell(new RoomReply(input.Room, input.Number, error), ActorRefs.NoSender);
            return null;
        }

        if (input.Number == 0)
        {
            return null;
        }

        var message = MessageBuffer.OfThread;
        WireFormat.Json.Codec().Write(message, new ErrorMessage(error, input.Id) { RetryAfter = error == ErrorCode.Unavailable ? LaneReplies.RetryAfter : null });
        return new RoomPush(RoomPushKind.Refused, input.Room, 0)
        {
            Node = input.Node,
            Connection = input.Connection,
            Number = input.Number,
            Error = error,
            Payload = message.Written.ToArray(),
        };
    }

    /// <summary>A request of the node itself is done.</summary>
    public void Finish(RequestId request)
    {
        if (_asked.Remove(request, out var asked))
        {
            Answer(asked.Input, RoomPushKind.Done);
        }
    }

    public void Write(RoomOutput output)
    {
        switch (output)
        {
            case PlayerSeated seated: OnSeated(seated); break;
            case SeatReserved reserved: Reply(reserved.Request, ErrorCode.None, reserved.Token); break;
            case RoomCreated created: Reply(created.Request, ErrorCode.None); break;
            case RequestRefused refused: Write(new Refusal(refused.Request, CodeOf(refused.Error), refused.Reason, refused.Data)); break;
            case RequestDone done: OnDone(done); break;
            case EventSent sent: OnEvent(sent); break;
            case PlayerChanged changed: OnChanged(changed); break;
            case StateShown shown: OnState(shown); break;
            case RoomPaused: Everybody(RoomPushKind.All, codec => codec.Write(_buffer.Clear(), new RoomPausedMessage(room))); break;
            case PlayerRemoved removed: OnRemoved(removed); break;
            case RoomEnded ended: OnEnded(ended); break;
            case RoomSlept: HasSlept = true; break;
            case ListingChanged changed: listed(changed.Listing); break;
        }
    }

    public void Report(RoomReport report) => Reports.Enqueue(report);

    public void Start(RoomWork work) => Work.Enqueue(work);

    private static ErrorCode CodeOf(RoomError error) => error switch
    {
        RoomError.RoomNotFound => ErrorCode.RoomNotFound,
        RoomError.RoomFull => ErrorCode.RoomFull,
        RoomError.RoomRefused => ErrorCode.RoomRefused,
        RoomError.Forbidden => ErrorCode.Forbidden,
        RoomError.InvalidMessage => ErrorCode.InvalidMessage,
        RoomError.Failed => ErrorCode.Failed,
        RoomError.Unavailable => ErrorCode.Unavailable,
        _ => ErrorCode.Internal,
    };

    private static string NameOf<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private void OnSeated(PlayerSeated seated)
    {
        if (!_asked.Remove(seated.Request, out var asked))
        {
            return;
        }

        Come(seated.Connection);
        var step = kind.Options.StepRate > 0 ? 1000.0 / kind.Options.StepRate : 0;
        var message = new RoomJoinedMessage(
            asked.Input.Id, room, kind.Name, seated.Player.Id, seated.Token, Generation, seated.Tick, step, (long)kind.Options.Grace.TotalMilliseconds)
        {
            State = seated.State.Bytes,
            Players = [.. seated.Players.Select(static player => new RoomSeatInfo(player.Id, player.IsConnected, player.Data.Bytes))],
        };
        _codec.Write(_buffer.Clear(), message);
        Add(Of(RoomPushKind.Seated, seated.Connection) with { Number = asked.Input.Number, Token = seated.Token }, [asked.Input.Node]);
    }

    private void OnDone(RequestDone done)
    {
        if (_asked.Remove(done.Request, out var asked))
        {
            _codec.Write(_buffer.Clear(), new ResultMessage(asked.Input.Id, done.Data.Bytes));
            Answer(asked.Input, RoomPushKind.Only);
        }
    }

    private void OnEvent(EventSent sent)
    {
        _codec.Write(_buffer.Clear(), new RoomEventMessage(room, sent.Name, sent.From, sent.Data.Bytes));
        switch (sent.Audience)
        {
            case RoomAudience.Only: Add(Of(RoomPushKind.Only, sent.Connection), [(uint)sent.Connection.Node]); break;
            case RoomAudience.AllBut: Add(Of(RoomPushKind.AllBut, sent.Connection), _nodes); break;
            default: Add(Of(RoomPushKind.All, default), _nodes); break;
        }
    }

    private void OnChanged(PlayerChanged changed)
    {
        _codec.Write(_buffer.Clear(), new RoomPlayerMessage(room, changed.Player.Id, NameOf(changed.Change), changed.Player.Data.Bytes));
        Add(Of(RoomPushKind.AllBut, changed.Except), _nodes);
    }

    private void OnState(StateShown shown)
    {
        _asked.Remove(shown.Request, out var asked);
        if (asked.Input?.Kind == RoomInputKind.Announce)
        {
            Come(shown.Connection);
            _announced[shown.Connection] = asked.Input.Number;
        }

        var message = new RoomStateMessage(
            asked.Input?.Id ?? default, room, Generation, shown.Tick, time.GetUtcNow().ToUnixTimeMilliseconds(), NameOf(shown.Reason), shown.Data.Bytes);
        _codec.Write(_buffer.Clear(), message);
        Add(Of(RoomPushKind.Only, shown.Connection) with { Number = asked.Input?.Number ?? 0 }, [(uint)shown.Connection.Node]);
    }

    private void OnRemoved(PlayerRemoved removed)
    {
        _asked.Remove(removed.Request, out var asked);
        _codec.Write(_buffer.Clear(), new RoomLeftMessage(asked.Input?.Id ?? default, room, NameOf(removed.Reason)));
        Add(Of(RoomPushKind.Removed, removed.Connection) with { Number = asked.Input?.Number ?? 0 }, [(uint)removed.Connection.Node]);
        Forget(removed.Connection);
    }

    private void OnEnded(RoomEnded ended)
    {
        Everybody(RoomPushKind.Ended, codec => codec.Write(_buffer.Clear(), new RoomLeftMessage(default, room, ended.HasFailed ? "failed" : "ended")));
        HasEnded = true;
    }

    private void Write(Refusal refusal)
    {
        if (!_asked.TryGetValue(refusal.Request, out var asked))
        {
            return;
        }

        if (asked.Input.Connection == 0)
        {
            Reply(refusal.Request, refusal.Error);
            return;
        }

        _asked.Remove(refusal.Request);
        var message = new ErrorMessage(refusal.Error, asked.Input.Id)
        {
            Reason = refusal.Reason,
            Data = refusal.Data.Bytes,
            RetryAfter = refusal.Error == ErrorCode.Unavailable ? LaneReplies.RetryAfter : null,
        };
        _codec.Write(_buffer.Clear(), message);
        Add(Push(RoomPushKind.Refused, asked.Input) with { Error = refusal.Error }, [asked.Input.Node]);
    }

    /// <summary>To the lobby.</summary>
    private void Reply(RequestId request, ErrorCode error, string? token = null)
    {
        if (_asked.Remove(request, out var asked))
        {
            asked.Sender.Tell(new RoomReply(room, asked.Input.Number, error) { Token = token }, ActorRefs.NoSender);
        }
    }

    private void Everybody(RoomPushKind what, Action<IWireCodec> write)
    {
        write(_codec);
        Add(Of(what, default), _nodes);
    }

    private void Answer(RoomInput input, RoomPushKind what)
    {
        if (what == RoomPushKind.Done)
        {
            _buffer.Clear();
        }

        Add(Push(what, input), [input.Node]);
    }

    private RoomPush Push(RoomPushKind what, RoomInput input) =>
        Of(what, ConnectionOf(input)) with { Number = input.Number };

    private RoomPush Of(RoomPushKind what, RoomConnection connection) => new(what, room, Generation)
    {
        Node = (uint)connection.Node,
        Connection = (long)connection.Number,
        Payload = _buffer.Written.ToArray(),
        Format = _codec.Format,
    };

    private void Add(RoomPush push, uint[] nodes)
    {
        if (nodes.Length > 0)
        {
            _said.Add((push, nodes));
        }
    }

    private void Come(RoomConnection connection)
    {
        var node = (uint)connection.Node;
        if (!_present.TryGetValue(node, out var connections))
        {
            _present.Add(node, connections = []);
            _nodes = [.. _present.Keys];
        }

        connections.Add((long)connection.Number);
    }

    private readonly record struct Refusal(RequestId Request, ErrorCode Error, string? Reason, RoomData Data);
}
