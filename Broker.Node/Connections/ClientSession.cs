using System.Buffers;
using System.Globalization;
using System.Text;
using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Node.Connections;

/// <summary>
/// What one connection may do and has asked for: decodes its messages, checks rights and limits, answers what needs no
/// lane, and posts the rest. Single-threaded: its actor's.
/// </summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="self">The connection's actor.</param>
/// <param name="disconnect">Tells the client and closes.</param>
internal sealed class ClientSession(IClientTransport connection, ConnectionServices services, IActorRef self, Action<DisconnectReason> disconnect)
{
    /// <summary>Bytes of pushes that are one array's worth.</summary>
    private const int LargestBatch = 64 * 1024;

    [ThreadStatic]
    private static ClientMessageList? _decoded;

    private readonly Dictionary<byte[], Subscription> _subscriptions = new(TopicKeyComparer.Instance);
    private readonly RequestMeter _meter = new(services);
    private readonly LimitOptions _limits = services.Options.Limits;
    private readonly SubscribeGrants _grants = new();
    private readonly PushForm _form = new(connection.Request!.Format, connection.Request.Deflate);
    private Rights _ownRights = Rights.None;
    private ReadOnlyMemory<byte> _info;
    private IDisposable? _userPlace;
    private MessageBatch? _batch;
    private bool _ended;

    /// <summary>Null until the connection has authenticated or was admitted without.</summary>
    public Identity? Identity { get; private set; }

    public IEnumerable<Subscription> Subscriptions => _subscriptions.Values;

    /// <summary>When the next right that a <c>subscribe.token</c> granted ends; null: none will.</summary>
    public DateTimeOffset? NextGrantEnd => _grants.NextEnd;

    /// <summary>Unique in the cluster.</summary>
    private string ConnectionName => string.Create(CultureInfo.InvariantCulture, $"{services.NodeId}-{connection.Id:x}");

    /// <summary>Sends <c>welcome</c>, and refuses at once what the upgrade request already showed to be wrong.</summary>
    public void Start()
    {
        var request = connection.Request!;
        if (request.OriginRefused)
        {
            disconnect(DisconnectReasons.OriginNotAllowed);
            return;
        }

        if (request.BatchWindow > TimeSpan.Zero)
        {
            // A window that fills is over, well before it could look like lag.
            connection.Writer.GatherPushes(services.Batches, request.BatchWindow, Math.Min(LargestBatch, _limits.Lag / 2), request.Format);
        }

        // Before the welcome goes out: what it says holds from the moment the client reads it.
        var identity = request.Identity;
        var admitted = identity is not null && TryAdmit(identity);
        var auth = identity is null ? AuthState.Required : identity.User is null ? AuthState.Optional : AuthState.Done;
        var rate = services.Options.Rate;
        var welcome = new WelcomeMessage(
            ConnectionName,
            services.NodeName,
            Now,
            auth,
            (int)services.Options.Heartbeat.Interval.TotalMilliseconds,
            new WelcomeLimits(_limits.Message, _limits.Subscriptions, rate.Messages, rate.Burst))
        {
            User = identity?.User,
            Expires = identity?.Expires?.ToUnixTimeMilliseconds(),
            Message = services.Options.Greeting,
        };
        var frame = FrameBuffer.OfThread;
        Codec.Write(frame, welcome);
        Send(frame);
        if (request.TokenError != ErrorCode.None)
        {
            RefuseToken(default, request.TokenError, request.TokenWhy);
        }
        else if (identity is not null && !admitted)
        {
            RefusePlace(default);
        }
    }

    public void OnMessages(MessageBatch batch)
    {
        var decoded = _decoded ??= new ClientMessageList();
        _batch = batch;
        for (var i = 0; i < batch.Count && !_ended; i++)
        {
            var error = Codec.Decode(batch[i], decoded);
            if (error != ErrorCode.None)
            {
                OnUnparsable(error);
                continue;
            }

            for (var j = 0; j < decoded.Count && !_ended; j++)
            {
                OnMessage(decoded[j], batch);
            }
        }

        _batch = null;
        decoded.Clear();
    }

    /// <summary>The lane did not open it: the client has been told.</summary>
    public void OnRefused(Subscription subscription)
    {
        if (_subscriptions.TryGetValue(subscription.Topic, out var present) && ReferenceEquals(present, subscription))
        {
            _subscriptions.Remove(subscription.Topic);
        }
    }

    /// <summary>Ends the subscriptions whose grant is over.</summary>
    public void EndGrants()
    {
        if (_grants.End(services.Time.GetUtcNow()))
        {
            ApplyGrants();
            EndLostSubscriptions();
        }
    }

    /// <summary>Has the lanes skip what waits on topics where a slow subscriber may miss something.</summary>
    public void SkipLagging()
    {
        foreach (var subscription in _subscriptions.Values)
        {
            if (subscription.Slow != SlowPolicy.Disconnect && subscription.Lag > 0)
            {
                services.Post(new JumpCommand(subscription));
            }
        }
    }

    /// <summary>Nothing more is taken from or delivered to this connection. Safe to repeat.</summary>
    public void End()
    {
        _ended = true;
        services.Leave(_subscriptions.Values);
        _subscriptions.Clear();
        _userPlace?.Dispose();
        _meter.User?.Dispose();
    }

    private IWireCodec Codec => _form.Format.Codec();

    private long Now => services.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private void OnMessage(in ClientMessage message, MessageBatch batch)
    {
        if (message.Error == ErrorCode.InvalidMessage && message.Type == ClientMessageType.Unknown)
        {
            OnUnparsable(message.Error, message.Id);
            return;
        }

        if (Identity is null && message.Type != ClientMessageType.Auth)
        {
            Fail(ErrorCode.AuthRequired, message.Id);
            disconnect(DisconnectReasons.AuthRequired);
            return;
        }

        if (!_meter.TryTake(message.Type, out var retryAfter))
        {
            Fail(ErrorCode.RateLimited, message.Id, message.Topic, (long)Math.Ceiling(retryAfter.TotalMilliseconds));
            if (_meter.IsAbused)
            {
                Abused(AbuseKind.Rate);
            }

            return;
        }

        if (message.Error != ErrorCode.None)
        {
            Fail(message.Error, message.Id);
            return;
        }

        switch (message.Type)
        {
            case ClientMessageType.Publish:
                OnPublish(message, batch);
                break;
            case ClientMessageType.Subscribe:
                OnSubscribe(message, batch);
                break;
            case ClientMessageType.Unsubscribe:
                OnUnsubscribe(message, batch);
                break;
            case ClientMessageType.Auth:
                OnAuth(message);
                break;
            case ClientMessageType.Ping:
                OnPing(message.Id);
                break;
            default:
                Fail(ErrorCode.Unsupported, message.Id, message.Topic);
                break;
        }
    }

    private void OnPublish(in ClientMessage message, MessageBatch batch)
    {
        var topic = message.Topic.Span;
        var error = Check(topic, Identity!.Rights.MayPublish(topic));
        var settings = services.Topics.Of(topic);
        var data = message.Data;
        error = error != ErrorCode.None ? error
            : !message.Key.IsEmpty ? ErrorCode.Unsupported
            : services.Payloads.Apply(settings, _form.Format, _limits.Message, ref data);
        if (error != ErrorCode.None)
        {
            Fail(error, message.Id, message.Topic);
            return;
        }

        batch.Retain();
        services.Post(new PublishCommand(TopicName.Hash(topic), message.Topic, data)
        {
            Format = _form.Format,
            Batch = batch,
            Publisher = connection.Writer,
            Id = message.Id,
            Echo = message.Echo,
            FromConnection = settings.Sender ? Encoding.UTF8.GetBytes(ConnectionName) : default,
            FromUser = settings.Sender && Identity.User is { } user ? Encoding.UTF8.GetBytes(user) : default,
            FromInfo = settings.Sender ? _info : default,
            Time = settings.Time ? Now : null,
        });
    }

    private void OnSubscribe(in ClientMessage message, MessageBatch batch)
    {
        var topic = message.Topic.Span;
        var rights = Identity!.Rights;
        if (!message.Token.IsEmpty)
        {
            var grant = ValidateGrant(message.Token.Span);
            if (grant.Pattern is null)
            {
                Fail(grant.Error, message.Id, message.Topic);
                return;
            }

            if (_grants.Count >= _limits.Subscriptions)
            {
                Fail(ErrorCode.LimitExceeded, message.Id, message.Topic);
                return;
            }

            _grants.Add(grant.Pattern, grant.Expires + services.Options.Auth.Skew);
            rights = ApplyGrants();
        }

        if (!TopicName.IsReserved(topic) && TopicPattern.TryParse(topic, out var pattern) && !pattern.IsName)
        {
            Fail(ErrorCode.Unsupported, message.Id, message.Topic);
            return;
        }

        var error = Check(topic, rights.MaySubscribe(topic));
        error = error == ErrorCode.None && message.Presence ? ErrorCode.Unsupported : error;
        if (error == ErrorCode.None && !_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var subscription))
        {
            error = _subscriptions.Count >= _limits.Subscriptions ? ErrorCode.LimitExceeded : ErrorCode.None;
        }

        if (error != ErrorCode.None)
        {
            Fail(error, message.Id, message.Topic);
            return;
        }

        var settings = services.Topics.Of(topic);
        batch.Retain();
        services.Post(new SubscribeCommand(Subscription(topic, settings), message.Id.Retain(), settings.MaxSubscribers, self)
        {
            Batch = batch,
            AskedToRecover = message.Recover is not null,
        });
    }

    private GrantResult ValidateGrant(ReadOnlySpan<byte> token)
    {
        var remote = connection.Request!.Remote;
        if (!services.Guesses.MayTry(remote))
        {
            services.Metrics.TokenRefused(TokenRefusal.Throttled);
            return new GrantResult(null, default, ErrorCode.InvalidToken);
        }

        var grant = Identity!.User is { } user
            ? services.Tokens.ValidateGrant(Encoding.UTF8.GetString(token), user)
            : new GrantResult(null, default, ErrorCode.InvalidToken);
        if (grant.Pattern is null)
        {
            services.OnBadToken(grant.Error, remote);
        }

        return grant;
    }

    /// <summary>The rights of the token, and those granted since.</summary>
    private Rights ApplyGrants()
    {
        var rights = _grants.AddTo(_ownRights);
        Identity = new Identity(Identity!.User, rights, Identity.Expires, Identity.Info);
        return rights;
    }

    private Subscription Subscription(ReadOnlySpan<byte> topic, TopicOptions settings)
    {
        if (!_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var subscription))
        {
            var name = topic.ToArray();
            _subscriptions.Add(name, subscription = new Subscription(connection.Writer, name, TopicName.Hash(topic)) { Form = _form, Slow = settings.Slow });
        }

        return subscription;
    }

    private void OnUnsubscribe(in ClientMessage message, MessageBatch batch)
    {
        if (_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(message.Topic.Span, out _, out var subscription))
        {
            batch.Retain();
            services.Post(new UnsubscribeCommand(subscription, message.Id.Retain()) { Batch = batch });
        }
        else if (TopicName.MayBeSubscribed(message.Topic.Span))
        {
            // Not past the lane: an earlier request may be on its way there, which ends what still comes.
            var frame = FrameBuffer.OfThread;
            Codec.Write(frame, new UnsubscribedMessage(message.Id, message.Topic));
            SendInOrder(message.Topic, frame);
        }
        else
        {
            Fail(ErrorCode.InvalidTopic, message.Id, message.Topic);
        }
    }

    private void OnPing(WireId id)
    {
        var frame = FrameBuffer.OfThread;
        Codec.Write(frame, new PongMessage(id, Now));
        Send(frame);
    }

    private static ErrorCode Check(ReadOnlySpan<byte> topic, bool permitted) =>
        TopicName.IsReserved(topic) ? ErrorCode.Forbidden
        : !TopicName.IsValid(topic) ? ErrorCode.InvalidTopic
        : permitted ? ErrorCode.None
        : ErrorCode.Forbidden;

    private void OnAuth(in ClientMessage message)
    {
        var remote = connection.Request!.Remote;
        if (!services.Guesses.MayTry(remote))
        {
            services.Metrics.TokenRefused(TokenRefusal.Throttled);
            RefuseToken(message.Id, ErrorCode.InvalidToken, "too many bad tokens of this address");
            return;
        }

        var result = services.Tokens.Validate(Encoding.UTF8.GetString(message.Token.Span));
        if (result.Error == ErrorCode.Unavailable)
        {
            Fail(result.Error, message.Id, retryAfter: 1000);
        }
        else if (result.Identity is not { } identity)
        {
            services.OnBadToken(result.Error, remote);
            RefuseToken(message.Id, result.Error, result.Why);
        }
        else if (Identity?.User is { } user && user != identity.User)
        {
            services.Metrics.TokenRefused(TokenRefusal.Invalid);
            RefuseToken(message.Id, ErrorCode.InvalidToken, "its sub is another than this connection's");
        }
        else if (!TryAdmit(identity))
        {
            RefusePlace(message.Id);
        }
        else
        {
            var frame = FrameBuffer.OfThread;
            Codec.Write(frame, new AuthenticatedMessage(message.Id, identity.User!, identity.Expires?.ToUnixTimeMilliseconds()) { Info = _info });
            Send(frame);
            EndLostSubscriptions();
        }
    }

    /// <summary>Takes an identity, if its user has a place left for this connection.</summary>
    private bool TryAdmit(Identity identity)
    {
        if (identity.User is { } user && _userPlace is null)
        {
            if (!services.Users.TryAdd(user, out _userPlace))
            {
                return false;
            }

            _meter.User = services.Options.Rate.Per == RateScope.User ? services.UserBuckets.Join(user) : null;
        }

        Identity = identity;
        _ownRights = identity.Rights;
        _info = InFormat(identity.Info);
        if (_grants.Count > 0)
        {
            ApplyGrants();
        }

        connection.Admit(_limits.Message);
        return true;
    }

    private void RefusePlace(WireId id)
    {
        Fail(ErrorCode.LimitExceeded, id);
        disconnect(DisconnectReasons.TooManyConnections);
    }

    /// <summary>The info of a token, which is JSON, in the connection's format.</summary>
    private ReadOnlyMemory<byte> InFormat(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty || _form.Format == WireFormat.Json)
        {
            return json;
        }

        var carried = new ArrayBufferWriter<byte>(json.Length);
        return WireBridge.TryCarry(json.Span, WireFormat.Json, carried) ? carried.WrittenMemory : default;
    }

    /// <summary>After a refresh with fewer rights.</summary>
    private void EndLostSubscriptions()
    {
        foreach (var (topic, subscription) in _subscriptions)
        {
            if (!Identity!.Rights.MaySubscribe(topic))
            {
                _subscriptions.Remove(topic);
                services.Post(new UnsubscribeCommand(subscription, default) { Reason = "not allowed any more" });
            }
        }
    }

    private void RefuseToken(WireId id, ErrorCode error, string why)
    {
        connection.EndDetail = why;
        Fail(error, id);
        disconnect(error == ErrorCode.TokenExpired ? DisconnectReasons.TokenExpired : DisconnectReasons.InvalidToken);
    }

    private void OnUnparsable(ErrorCode error, WireId id = default)
    {
        Fail(error, id);
        if (Identity is null)
        {
            disconnect(DisconnectReasons.AuthRequired);
        }
        else if (_meter.Unparsable())
        {
            Abused(AbuseKind.Unparsable);
        }
    }

    private void Fail(ErrorCode code, WireId id, ReadOnlyMemory<byte> topic = default, long? retryAfter = null)
    {
        services.Metrics.RequestRefused(code);
        var frame = FrameBuffer.OfThread;

        // What cannot be a topic is not reflected back.
        Codec.Write(frame, new ErrorMessage(code, id) { Topic = topic.Length <= TopicName.MaxLength ? topic : default, RetryAfter = retryAfter });
        SendInOrder(topic, frame);
        if (code == ErrorCode.Forbidden && _meter.Forbidden())
        {
            Abused(AbuseKind.Forbidden);
        }
    }

    private void Abused(AbuseKind kind)
    {
        if (!_ended)
        {
            services.Metrics.Abused(kind);
            disconnect(DisconnectReasons.Abuse);
        }
    }

    /// <summary>
    /// Behind the answers to earlier requests on the topic, if it is one and any request is still with a lane: replies keep their
    /// order per topic.
    /// </summary>
    private void SendInOrder(ReadOnlyMemory<byte> topic, FrameBuffer frame)
    {
        if (_batch is { } batch && (batch.IsShared || connection.InFlight > batch.Length) && TopicName.MayBeSubscribed(topic.Span))
        {
            batch.Retain();
            services.Post(new ReplyCommand(TopicName.Hash(topic.Span), topic, connection.Writer, frame.Frame(_form.Format.Opcode()).ToArray(), batch));
        }
        else
        {
            Send(frame);
        }
    }

    private void Send(FrameBuffer frame) => connection.Writer.Send(frame.Frame(_form.Format.Opcode()));
}
