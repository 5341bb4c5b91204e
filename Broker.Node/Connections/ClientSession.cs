using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// The conversation with one client: decodes its messages, keeps their order and rates, and answers what asks nothing of a topic.
/// What it may do is <see cref="SessionAuth"/>'s, its topics are the <see cref="Router"/>'s. Single-threaded: its actor's.
/// </summary>
internal sealed class ClientSession
{
    /// <summary>Bytes of pushes that are one array's worth.</summary>
    private const int LargestBatch = 64 * 1024;

    [ThreadStatic]
    private static ClientMessageList? _decoded;

    private readonly IClientTransport _connection;
    private readonly ConnectionServices _services;
    private readonly Action<DisconnectReason> _disconnect;
    private readonly UpgradedRequest _request;
    private readonly SessionAuth _auth;
    private readonly Router _router;
    private readonly RequestMeter _meter;
    private readonly SessionReplies _replies;
    private readonly SessionHooks? _hooks;
    private readonly TopicMessages _topics;
    private readonly IActorRef _self;
    private RoomRequests? _rooms;
    private LobbyRequests? _lobby;
    private bool _ended;

    /// <param name="connection">The transport.</param>
    /// <param name="services">Shared by all connections.</param>
    /// <param name="self">The connection's actor.</param>
    /// <param name="disconnect">Tells the client and closes.</param>
    public ClientSession(IClientTransport connection, ConnectionServices services, IActorRef self, Action<DisconnectReason> disconnect)
    {
        (_connection, _services, _self, _disconnect, _request) = (connection, services, self, disconnect, connection.Request!);
        _auth = new SessionAuth(services, _request.Format, _request.Remote, self);
        var patterns = new PatternTopics(connection, services, self);
        var sequenced = new SequencedRequests(connection, services, _auth, self);
        var own = new OwnTopic(connection, services, _auth, sequenced, self);
        _router = new Router(connection, services, _auth, patterns, new BroadcastRequests(connection, services, _auth, self), sequenced, own);
        _meter = new RequestMeter(services, _auth);
        _replies = new SessionReplies(connection, services, _router, patterns, _meter, Abused);
        _hooks = services.Hooks.Any ? new SessionHooks(connection, services, self) : null;
        _topics = new TopicMessages(connection, services, _auth, _router, _replies, _hooks);
    }

    /// <summary>Null until the connection has authenticated or was admitted without.</summary>
    public Identity? Identity => _auth.Identity;

    /// <summary>The application is asked, and nothing is done before it has answered.</summary>
    public bool AwaitsApplication => _hooks is { IsWaiting: true };

    public IEnumerable<Subscription> Subscriptions => _rooms is null ? _router.Subscriptions : _router.Subscriptions.Concat(_rooms.Cursors);

    /// <summary>It has a seat in a room with steps, or asks for one.</summary>
    public bool IsPlaying => _rooms is { IsPlaying: true };

    /// <summary>When a right ends that a <c>subscribe.token</c> granted, or something is to be asked for again; null: nothing is due.</summary>
    public DateTimeOffset? Due => _auth.NextGrantEnd is { } end && !(end > _router.Due) ? end : _router.Due;

    private LimitOptions Limits => _services.Options.Limits;

    /// <summary>Made when it is needed: most connections have no rooms.</summary>
    private RoomRequests Rooms => _rooms ??= new RoomRequests(_connection, _services, _auth, _replies, _self);

    /// <inheritdoc cref="Rooms"/>
    private LobbyRequests Lobby => _lobby ??= new LobbyRequests(_connection, _services, _auth, _replies, Rooms, _self);

    private IWireCodec Codec => _connection.Writer.Framing.Codec;

    /// <summary>Sends <c>welcome</c>, and refuses at once what the upgrade request already showed to be wrong.</summary>
    public void Start()
    {
        if (_request.OriginRefused)
        {
            _disconnect(DisconnectReasons.OriginNotAllowed);
            return;
        }

        if (_request.BatchWindow > TimeSpan.Zero)
        {
            // A window that fills is over, well before it could look like lag.
            _connection.Writer.GatherPushes(_request.BatchWindow, Math.Min(LargestBatch, Limits.Lag / 2), _services.Time);
        }

        // Before the welcome goes out: what it says holds from the moment the client reads it.
        var identity = _request.Identity;
        var asks = _services.Hooks.AsksConnect && identity is not null;
        var refusal = asks || identity is null ? null : Admit(identity);
        _replies.Welcome(identity);
        if (_request.TokenError != ErrorCode.None)
        {
            RefuseToken(default, _request.TokenError, _request.TokenWhy);
        }
        else if (asks)
        {
            AskConnect(identity!);
        }
        else if (refusal is { } reason)
        {
            Refuse(default, reason);
        }

        if (!_ended)
        {
            _router.OpenDue();
        }
    }

    public void OnMessages(MessageBatch batch)
    {
        if (AwaitsApplication)
        {
            _hooks!.Add(batch);
        }
        else
        {
            Take(batch, 0, 0);
        }
    }

    /// <summary>The application has answered: what waited for that goes on.</summary>
    public void OnAnswered(HookVerdict verdict)
    {
        var asking = _hooks!.Asking;
        _replies.Batch = asking;
        _hooks.Answer(verdict);
        while (!_ended && !AwaitsApplication && _hooks.TryTakeAhead(out var message))
        {
            OnMessage(message, asking!);
        }

        _replies.Batch = null;
        while (!AwaitsApplication && _hooks.TryTake(out var next))
        {
            Take(next.Batch, next.Message, next.Member);
            next.Batch.Release();
        }
    }

    /// <param name="batch">Of messages.</param>
    /// <param name="message">The first that is taken.</param>
    /// <param name="member">The first that is taken of it, where it is an array.</param>
    private void Take(MessageBatch batch, int message, int member)
    {
        var decoded = _decoded ??= new ClientMessageList();
        _replies.Batch = batch;
        for (var i = message; i < batch.Count && !_ended && !AwaitsApplication; i++)
        {
            var error = Codec.Decode(batch[i], decoded);
            if (error != ErrorCode.None)
            {
                OnUnparsable(error);
                continue;
            }

            for (var j = i == message ? member : 0; j < decoded.Count && !_ended && !AwaitsApplication; j++)
            {
                OnMessage(decoded[j], batch);
                if (AwaitsApplication)
                {
                    _hooks!.Hold(batch, i, j + 1, decoded);
                }
            }
        }

        _replies.Batch = null;
        decoded.Clear();
    }

    /// <summary>The lane did not open it: where the client asked, it has been told.</summary>
    public void OnRefused(SubscriptionRefused refused)
    {
        _router.OnRefused(refused.Subscription);
        if (refused.IsCrowded && !_ended)
        {
            Refuse(default, DisconnectReasons.TooManyConnections);
        }
    }

    /// <summary>A seat is there no more, or was never given; the client has been told.</summary>
    public void OnSeatEnded(RoomSeatEnded ended) => _rooms?.OnSeatEnded(ended.Subscription);

    public void OnLobbyAnswer(LobbyAnswer answer) => _lobby?.OnAnswer(answer);

    /// <summary>Ends the subscriptions whose grant is over, and asks again for those that it is time for.</summary>
    public void OnTime()
    {
        if (_auth.EndGrants())
        {
            _router.EndLost();
        }

        _router.OpenDue();
    }

    /// <summary>The application has said something about the user.</summary>
    public void OnRightsChanged()
    {
        if (_auth.Reconsider() is { } reason)
        {
            _disconnect(reason);
        }
        else
        {
            EndLost();
        }
    }

    /// <summary>Of the application.</summary>
    public void OnOrder(UserOrder order)
    {
        switch (order.Kind)
        {
            case UserOrderKind.Disconnect:
                _disconnect(DisconnectReasons.Disconnected);
                break;
            case UserOrderKind.Subscribe:
                _router.SubscribeByServer(order.Topic);
                break;
            case UserOrderKind.Unsubscribe:
                _router.UnsubscribeByServer(order.Topic);
                break;
        }
    }

    /// <inheritdoc cref="Router.SkipLagging"/>
    public void SkipLagging() => _router.SkipLagging();

    /// <summary>Nothing more is taken from or delivered to this connection. Safe to repeat.</summary>
    public void End()
    {
        _ended = true;
        _hooks?.Drop();
        _router.End();
        _lobby?.End();
        _rooms?.End();
        _auth.End();
    }

    private void OnMessage(in ClientMessage message, MessageBatch batch)
    {
        if (message.Error == ErrorCode.InvalidMessage && message.Type == ClientMessageType.Unknown)
        {
            OnUnparsable(message.Error, message.Id);
            return;
        }

        if (Identity is null && message.Type != ClientMessageType.Auth)
        {
            _replies.Fail(ErrorCode.AuthRequired, message.Id);
            _disconnect(DisconnectReasons.AuthRequired);
            return;
        }

        if (!_meter.TryTake(message.Type, _rooms?.BucketOf(message), out var retryAfter))
        {
            _replies.Fail(ErrorCode.RateLimited, message.Id, message.Topic, (long)Math.Ceiling(retryAfter.TotalMilliseconds));
            if (_meter.IsAbused)
            {
                Abused(AbuseKind.Rate);
            }

            return;
        }

        if (Unbuilt.IsAskedBy(message, _services))
        {
            _replies.Fail(ErrorCode.Unsupported, message.Id, message.Topic);
            return;
        }

        if (message.Error != ErrorCode.None)
        {
            _replies.Fail(message.Error, message.Id);
            return;
        }

        switch (message.Type)
        {
            case ClientMessageType.Publish:
                _topics.Publish(message, batch);
                break;
            case ClientMessageType.Subscribe:
                _topics.Subscribe(message, batch);
                break;
            case ClientMessageType.Unsubscribe:
                _topics.Unsubscribe(message, batch);
                break;
            case ClientMessageType.History or ClientMessageType.Presence:
                _replies.FailUnlessNone(_router.Ask(message, batch), message);
                break;
            case ClientMessageType.Auth:
                OnAuth(message);
                break;
            case ClientMessageType.Ping:
                _replies.Pong(message.Id);
                break;
            case ClientMessageType.RoomList or ClientMessageType.MatchJoin or ClientMessageType.MatchLeave:
            case ClientMessageType.RoomJoin when (message.Asked & RequestKey.Room) == 0:
                Lobby.Take(message, batch);
                break;
            default:
                Rooms.Take(message, batch);
                break;
        }
    }

    /// <param name="identity">Is not admitted yet.</param>
    /// <param name="auth">Of the <c>auth</c> that brought it; null: the handshake did.</param>
    private void AskConnect(Identity identity, WireId? auth = null) => _hooks!.AskConnect(identity.User, verdict =>
    {
        if (!_replies.IsAllowed(verdict, auth ?? default))
        {
            _disconnect(verdict.Error == ErrorCode.Forbidden ? DisconnectReasons.Disconnected : DisconnectReasons.ServerError);
            return;
        }

        var changed = identity with
        {
            Rights = verdict.Rights ?? identity.Rights,
            Decided = verdict.Rights is null ? identity.Decided : _services.Time.GetUtcNow(),
            Info = verdict.Info.IsEmpty ? identity.Info : verdict.Info,
        };
        if (Admit(changed) is { } refusal)
        {
            Refuse(auth ?? default, refusal);
            return;
        }

        if (auth is { } id)
        {
            OnAdmitted(changed, id);
        }

        _router.OpenDue();
        foreach (var topic in verdict.Subscribe ?? [])
        {
            _router.SubscribeByServer(topic);
        }
    });

    private void OnAuth(in ClientMessage message)
    {
        var result = _auth.Authenticate(message.Token.Span);
        if (result.Error == ErrorCode.Unavailable)
        {
            _replies.Fail(result.Error, message.Id, retryAfter: 1000);
        }
        else if (result.Identity is not { } identity)
        {
            RefuseToken(message.Id, result.Error, result.Why);
        }
        else if (_services.Hooks.AsksConnect)
        {
            AskConnect(identity, message.Id);
        }
        else if (Admit(identity) is { } refusal)
        {
            Refuse(message.Id, refusal);
        }
        else
        {
            OnAdmitted(identity, message.Id);
        }
    }

    private void OnAdmitted(Identity identity, WireId id)
    {
        var reply = MessageBuffer.OfThread;
        Codec.Write(reply, new AuthenticatedMessage(id, identity.User!, identity.Expires?.ToUnixTimeMilliseconds()) { Info = _auth.Info });
        _connection.Writer.Reply(reply);
        EndLost();
        _router.OpenDue();
    }

    /// <summary>After a change of rights to fewer.</summary>
    private void EndLost()
    {
        _router.EndLost();
        _lobby?.EndLost();
        _rooms?.EndLost();
    }

    /// <returns>Why the connection ends; null: it does not.</returns>
    private DisconnectReason? Admit(Identity identity)
    {
        var refusal = _auth.Admit(identity);
        if (refusal is null)
        {
            _connection.Admit(Limits.Message);
        }

        return refusal;
    }

    private void Refuse(WireId id, DisconnectReason reason)
    {
        _replies.Fail(reason == DisconnectReasons.Revoked ? ErrorCode.Forbidden : ErrorCode.LimitExceeded, id);
        _disconnect(reason);
    }

    private void RefuseToken(WireId id, ErrorCode error, string why)
    {
        _connection.EndDetail = why;
        _replies.Fail(error, id);
        _disconnect(error == ErrorCode.TokenExpired ? DisconnectReasons.TokenExpired : DisconnectReasons.InvalidToken);
    }

    private void OnUnparsable(ErrorCode error, WireId id = default)
    {
        var isAbuse = Identity is not null && _meter.Unparsable();
        _replies.Fail(error, id);
        if (Identity is null)
        {
            _disconnect(DisconnectReasons.AuthRequired);
        }
        else if (isAbuse)
        {
            Abused(AbuseKind.Unparsable);
        }
    }

    private void Abused(AbuseKind kind)
    {
        if (!_ended)
        {
            _services.Metrics.Abused(kind);
            _disconnect(DisconnectReasons.Abuse);
        }
    }
}
