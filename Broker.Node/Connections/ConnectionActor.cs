using Akka.Actor;
using Akka.Event;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// One client connection after its upgrade: authentication, heartbeat, expiry, slow readers, and the end. What the client
/// asks for is <see cref="ClientSession"/>'s.
/// </summary>
/// <remarks>
/// States: authenticating (no identity yet), open, closing (the last bytes are queued; nothing is taken any more), and
/// stopped when the stages have ended. One timer, set to the nearest deadline, on a clock that tests move.
/// </remarks>
internal sealed class ConnectionActor : UntypedActor
{
    private readonly IClientTransport _connection;
    private readonly ConnectionServices _services;
    private readonly ClientSession _session;
    private readonly ITimer _timer;
    private readonly long _lagInterval;
    private readonly long _messageTime;
    private readonly long _authDeadline;
    private Heartbeat _heartbeat;
    private LagWatch _lag;
    private LagWatch _skippableLag;
    private bool _closing;
    private bool _isPlaying;

    public ConnectionActor(IClientTransport connection, ConnectionServices services)
    {
        _connection = connection;
        _services = services;
        _session = new ClientSession(connection, services, Self, reason => Close(reason, TimeSpan.Zero));
        var options = services.Options;
        var now = services.Time.GetTimestamp();
        _heartbeat = new Heartbeat(now, Interval(options.Heartbeat), Timestamps(options.Heartbeat.Timeout));

        // What is being gathered is not owed before its window is over.
        _lag = _skippableLag = new LagWatch(options.Limits.Lag, Timestamps(options.Limits.LagTime + connection.Request!.BatchWindow));
        _lagInterval = Timestamps(options.Limits.LagTime) / 20;
        _messageTime = Timestamps(options.Limits.MessageTime);
        _authDeadline = now + Timestamps(options.Auth.Timeout);
        var self = Self;
        _timer = services.Time.CreateTimer(static actor => ((IActorRef)actor!).Tell(Tick.Instance, ActorRefs.NoSender), self, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The time that the application takes is not the client's.</summary>
    private bool MustAuthenticate => _session.Identity is null && !_session.AwaitsApplication;

    private bool IsExpired => _session.Identity?.Expires is { } expires && _services.Time.GetUtcNow() >= expires + _services.Options.Auth.Skew;

    protected override void PreStart()
    {
        try
        {
            _session.Start();
            if (_connection.TryStart(Self))
            {
                SetTimer();
            }
            else
            {
                _closing = true;
                Context.Stop(Self);
            }
        }
        catch
        {
            // PostStop is not called for an actor that did not start.
            PostStop();
            _connection.Abort();
            throw;
        }
    }

    protected override void PostStop()
    {
        _timer.Dispose();
        _session.End();
        if (!_closing)
        {
            // The actor failed, or the system goes down under it.
            _connection.Close(DisconnectReasons.ServerError, TimeSpan.Zero);
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case MessageBatch batch:
                OnMessages(batch);
                break;
            case Tick or ConnectionsActor.ClockSet:
                OnTick();
                break;
            case ConnectionSignal signal:
                OnSignal(signal);
                break;
            case HookAnswered answered:
                OnAnswered(answered.Verdict);
                break;
            case SubscriptionRefused refused:
                _session.OnRefused(refused);
                SetTimer();
                break;
            case RoomSeatEnded ended:
                _session.OnSeatEnded(ended);
                if (LiveAsPlayed())
                {
                    SetTimer();
                }

                break;
            case LobbyAnswer answer:
                _session.OnLobbyAnswer(answer);
                break;
            case UserOrdered ordered when !_closing:
                _session.OnOrder(ordered.Order);
                break;
            case UserRightsChanged when !_closing:
                _session.OnRightsChanged();
                break;
            case UserOrdered or UserRightsChanged:
                break;
            case Disconnect disconnect:
                Close(disconnect.Reason, disconnect.After);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnMessages(MessageBatch batch)
    {
        try
        {
            var before = _session.Identity;
            if (MayTake())
            {
                _session.OnMessages(batch);
            }

            if (!ReferenceEquals(before, _session.Identity) | LiveAsPlayed())
            {
                SetTimer();
            }
        }
        finally
        {
            batch.Release();
        }
    }

    /// <summary>Whoever is in a room with steps is missed sooner.</summary>
    /// <returns>Whether that has changed.</returns>
    private bool LiveAsPlayed()
    {
        if (_session.IsPlaying == _isPlaying)
        {
            return false;
        }

        _isPlaying = !_isPlaying;
        var heartbeat = _isPlaying ? _services.Options.Rooms.Heartbeat : _services.Options.Heartbeat;
        _heartbeat.Change(_services.Time.GetTimestamp(), Interval(heartbeat), Timestamps(heartbeat.Timeout));
        return true;
    }

    /// <summary>No longer than the transport may be silent.</summary>
    private long Interval(HeartbeatOptions heartbeat) =>
        Timestamps(heartbeat.Interval < _connection.LongestSilence ? heartbeat.Interval : _connection.LongestSilence);

    private void OnAnswered(HookVerdict verdict)
    {
        if (MayTake())
        {
            _session.OnAnswered(verdict);
            SetTimer();
        }
    }

    /// <summary>Whatever became of the clocks: nothing is taken after the end.</summary>
    private bool MayTake()
    {
        if (!_closing && IsExpired)
        {
            Close(DisconnectReasons.TokenExpired, TimeSpan.Zero);
        }

        return !_closing;
    }

    private void OnSignal(ConnectionSignal signal)
    {
        if (signal == ConnectionSignal.Ended)
        {
            _closing = true;
            Context.Stop(Self);
        }
        else if (signal == ConnectionSignal.Closing)
        {
            BeginClosing();
        }
        else if (signal == ConnectionSignal.Overrun)
        {
            Close(DisconnectReasons.SlowConsumer, TimeSpan.Zero);
        }
        else
        {
            // Behind, MessageBegun: another deadline.
            SetTimer();
        }
    }

    private void OnTick()
    {
        if (_closing)
        {
            return;
        }

        var now = _services.Time.GetTimestamp();
        if (MustAuthenticate && now >= _authDeadline)
        {
            Close(DisconnectReasons.AuthTimeout, TimeSpan.Zero);
        }
        else if (IsExpired)
        {
            Close(DisconnectReasons.TokenExpired, TimeSpan.Zero);
        }
        else if (_connection.MessageBegun is not 0 and var begun && now - begun >= _messageTime)
        {
            _services.Metrics.Abused(AbuseKind.MessageTime);
            Close(DisconnectReasons.Abuse, TimeSpan.Zero);
        }
        else if (IsTooSlow(now))
        {
            Close(DisconnectReasons.SlowConsumer, TimeSpan.Zero);
        }
        else
        {
            _session.OnTime();
            Beat(now);
        }
    }

    private void Beat(long now)
    {
        var action = now < _heartbeat.Due ? HeartbeatAction.None : _heartbeat.Next(now, _connection.LastReceived, _connection.ReadingHeld, _connection.Output);
        switch (action)
        {
            case HeartbeatAction.Cut:
                BeginClosing();
                _connection.Cut();
                return;
            case HeartbeatAction.Slow:
                Close(DisconnectReasons.SlowConsumer, TimeSpan.Zero);
                return;
            default:
                break;
        }

        // Before the ping: whoever reads it may count on the time that its answer has.
        SetTimer();
        if (action == HeartbeatAction.Ping)
        {
            _connection.Ping();
        }
    }

    /// <summary>Whether what nobody may skip has waited too long or is too much. What may be skipped is: then the connection stays.</summary>
    private bool IsTooSlow(long now)
    {
        if (!_connection.IsBehind)
        {
            _lag.Reset();
            _skippableLag.Reset();
            return false;
        }

        var writer = _connection.Writer;
        var (flushed, gathered) = (writer.Flushed, writer.Gathered);
        long owed = writer.ControlLength;
        long skippable = 0;
        var maySkip = false;
        foreach (var subscription in _session.Subscriptions)
        {
            if (subscription.Slow == SlowPolicy.Disconnect)
            {
                owed += subscription.Lag;
            }
            else
            {
                maySkip = true;
                skippable += subscription.Lag;
            }
        }

        // What the transport holds may all be of topics that skip: alone it starts no watch where there are such.
        if ((owed > 0 || !maySkip || _lag.IsOwed(flushed)) && _lag.IsOver(now, flushed, gathered, owed))
        {
            return true;
        }

        if (skippable > 0 && _skippableLag.IsOver(now, flushed, gathered, owed + skippable))
        {
            _session.SkipLagging();
            _skippableLag.Reset();
        }

        return false;
    }

    /// <summary>Sets the timer to the nearest of all deadlines.</summary>
    private void SetTimer()
    {
        if (_closing)
        {
            return;
        }

        var now = _services.Time.GetTimestamp();
        var due = _heartbeat.Due;
        if (MustAuthenticate)
        {
            due = Math.Min(due, _authDeadline);
        }

        if (_connection.MessageBegun is not 0 and var begun)
        {
            due = Math.Min(due, begun + _messageTime);
        }

        if (_connection.IsBehind)
        {
            due = Math.Min(due, now + _lagInterval);
        }

        var wait = _services.Time.GetElapsedTime(now, Math.Max(now, due));
        var end = Earlier(_session.Identity?.Expires + _services.Options.Auth.Skew, _session.Due);
        if (end - _services.Time.GetUtcNow() is { } left && left < wait)
        {
            wait = left;
        }

        // Rounded up: a timer of .NET counts whole milliseconds and would fire just before the deadline.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(wait.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;

    private void Close(DisconnectReason reason, TimeSpan after)
    {
        if (_closing)
        {
            return;
        }

        BeginClosing();
        _connection.Close(reason, after);
    }

    /// <summary>From here on nothing is taken from the client; its cursors are closed before the last bytes are queued.</summary>
    private void BeginClosing()
    {
        _closing = true;
        _session.End();
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private long Timestamps(TimeSpan time) => (long)(time.TotalSeconds * _services.Time.TimestampFrequency);

    private sealed class Tick : IDeadLetterSuppression, INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
