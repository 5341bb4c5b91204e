using Broker.Protocol.Wire;
using Broker.Rooms;

namespace Broker.Node.Rooms;

/// <summary>What clients of this node have asked of lobbies, asked again until it is answered. Not thread-safe.</summary>
/// <param name="node">Uid of this node.</param>
/// <param name="first">Number of the first request.</param>
/// <param name="kinds">The kinds that there are.</param>
/// <param name="ask">Sends to the lobby of the kind.</param>
internal sealed class LobbyRequests(uint node, long first, RoomKinds kinds, Action<LobbyAsk> ask)
{
    /// <summary>Requests of this node; one more is <c>unavailable</c>.</summary>
    public const int Most = 16_384;

    /// <summary>Characters of what <c>after</c> may be.</summary>
    public const int AfterLength = 128;

    /// <summary>Behind the name of a kind: before all its rooms.</summary>
    private const char Separator = '-';

    /// <summary>How long a request may take; who is in the queue waits on.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    /// <summary>So long may a client not know that it has a seat, where an answer or a lobby was lost.</summary>
    private static readonly TimeSpan WaitingAgain = TimeSpan.FromSeconds(5);

    private readonly Dictionary<long, Pending> _pending = [];
    private readonly Dictionary<long, List<Pending>> _ofConnections = [];
    private long _next = first;

    public int Count => _pending.Count;

    public void Begin(LobbyRequest request, LobbyAskKind what, TimeSpan now)
    {
        if (what == LobbyAskKind.List && request.Kind.Length == 0)
        {
            BeginAll(request, now);
        }
        else
        {
            Begin(request, what, request.Kind, request.After, now);
        }
    }

    public void Take(LobbyReply reply)
    {
        if (!_pending.TryGetValue(reply.Number, out var pending))
        {
            return;
        }

        if (!reply.IsWaiting)
        {
            Remove(pending);
        }
        else if (pending.IsWaiting)
        {
            return;
        }

        pending.IsWaiting = reply.IsWaiting;
        Answer(pending.Request, new LobbyAnswer(pending.Request.Number, reply.Error)
        {
            Room = reply.Room,
            Token = reply.Token,
            Rooms = reply.Rooms,
            After = reply.After ?? (reply.Error == ErrorCode.None && pending.NextKind is { } next ? next + Separator : null),
            IsWaiting = reply.IsWaiting,
        });
    }

    /// <param name="connection">Whose requests they are.</param>
    /// <param name="kind">It does not wait any more in this queue; empty: nothing that it asked for is wanted any more.</param>
    public void Forget(long connection, string kind)
    {
        if (!_ofConnections.TryGetValue(connection, out var requests))
        {
            return;
        }

        foreach (var pending in requests.Where(pending => kind.Length == 0 || (pending.Ask.What == LobbyAskKind.Wait && pending.Ask.Kind == kind)).ToList())
        {
            Remove(pending);
            Withdraw(pending);
        }
    }

    public void Tick(TimeSpan now)
    {
        foreach (var pending in _pending.Values.Where(pending => pending.AgainAt <= now || (!pending.IsWaiting && pending.Deadline <= now)).ToList())
        {
            if (!pending.IsWaiting && pending.Deadline <= now)
            {
                Remove(pending);
                Withdraw(pending);
                Answer(pending.Request, new LobbyAnswer(pending.Request.Number, ErrorCode.Unavailable));
            }
            else
            {
                pending.AgainAt = now + (pending.IsWaiting ? WaitingAgain : Again);
                ask(pending.Ask);
            }
        }
    }

    /// <summary>The kinds one after the other, a page of one at a time.</summary>
    private void BeginAll(LobbyRequest request, TimeSpan now)
    {
        var kind = request.After switch
        {
            null => request.Kinds.Count > 0 ? request.Kinds[0] : null,
            [.. var name, Separator] => name,
            var room => RoomId.TryReadKind(room, out var name) ? name : null,
        };
        var index = Array.IndexOf([.. request.Kinds], kind);
        if (index >= 0)
        {
            Begin(request, LobbyAskKind.List, kind!, request.After, now, index + 1 < request.Kinds.Count ? request.Kinds[index + 1] : null);
        }
        else
        {
            Answer(request, new LobbyAnswer(request.Number, request.After is null ? ErrorCode.None : ErrorCode.InvalidMessage));
        }
    }

    private void Begin(LobbyRequest request, LobbyAskKind what, string kind, string? after, TimeSpan now, string? nextKind = null)
    {
        var filters = RoomFilters.Read(request.Match);
        var error =
            !kinds.TryGet(kind, out var known) ? ErrorCode.RoomNotFound
            : filters is null || after?.Length > AfterLength ? ErrorCode.InvalidMessage
            : request.Options.Length > RoomLimits.Data ? ErrorCode.TooLarge
            : _pending.Count >= Most ? ErrorCode.Unavailable
            : what == LobbyAskKind.Wait && Waits(request.Connection, kind) ? ErrorCode.LimitExceeded
            : ErrorCode.None;
        if (error != ErrorCode.None)
        {
            Answer(request, new LobbyAnswer(request.Number, error));
            return;
        }

        var pending = new Pending(request, new LobbyAsk(kind, node, ++_next, what)
        {
            User = request.User,
            Filters = filters!,
            Options = request.Options,
            Seats = known!.Options.MaxPlayers,
            MayCreate = request.MayCreate,
            Limit = Math.Clamp(request.Limit, 1, WireLimits.Messages),
            After = after,
        })
        {
            AgainAt = now + Again,
            Deadline = now + Patience,
            NextKind = nextKind,
        };
        _pending.Add(_next, pending);
        if (!_ofConnections.TryGetValue(request.Connection, out var requests))
        {
            _ofConnections.Add(request.Connection, requests = []);
        }

        requests.Add(pending);
        ask(pending.Ask);
    }

    private bool Waits(long connection, string kind) =>
        _ofConnections.TryGetValue(connection, out var requests) && requests.Exists(other => other.Ask.What == LobbyAskKind.Wait && other.Ask.Kind == kind);

    private void Remove(Pending pending)
    {
        _pending.Remove(pending.Ask.Number);
        var requests = _ofConnections[pending.Request.Connection];
        requests.Remove(pending);
        if (requests.Count == 0)
        {
            _ofConnections.Remove(pending.Request.Connection);
        }
    }

    /// <summary>Said once: where it is lost, the seat that is kept is free again after its time, and a place in the queue that nobody asks for is given up.</summary>
    private void Withdraw(Pending pending) => ask(new LobbyAsk(pending.Ask.Kind, node, pending.Ask.Number, LobbyAskKind.Forget));

    private static void Answer(LobbyRequest request, LobbyAnswer answer) => request.Actor.Tell(answer, Akka.Actor.ActorRefs.NoSender);

    private sealed class Pending(LobbyRequest request, LobbyAsk ask)
    {
        public LobbyRequest Request => request;

        public LobbyAsk Ask => ask;

        public TimeSpan AgainAt { get; set; }

        public TimeSpan Deadline { get; init; }

        /// <summary>Of a list of all kinds: whose turn is next.</summary>
        public string? NextKind { get; init; }

        public bool IsWaiting { get; set; }
    }
}
