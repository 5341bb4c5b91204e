using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Membership;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>
/// The local logs of one lane's topics and of what is subscribed to patterns: of each one for every form that a connection here takes, and nothing is made in
/// a form that nobody takes. Single-threaded: only its lane calls it.
/// </summary>
/// <param name="pool">Shares big fan-outs.</param>
/// <param name="lagLimit">Bytes a cursor may lag beyond the newest entry.</param>
/// <param name="maxPatterns">Patterns with a local subscriber.</param>
/// <param name="deflate">From which size and how hard pushes are compressed for those who take it.</param>
/// <param name="memory">The lane's share of what lagging cursors keep.</param>
/// <param name="metrics">Counts what is refused, and cursors that are to skip.</param>
/// <param name="fence">Whether acknowledgements may leave.</param>
internal sealed class LaneTopics(FanOutPool pool, int lagLimit, int maxPatterns, MessageDeflateOptions deflate, LaneMemory memory, BrokerMetrics metrics, Fence fence) : ILaneTopics, ISequencedLogs
{
    private readonly LaneLogs _logs = new();
    private readonly List<TopicLog> _matching = [];
    private readonly PushForms _forms = new(deflate);
    private readonly List<TopicLog> _touched = [];
    private readonly DrainBatch _batch = new(pool);
    private readonly MessageBuffer _gap = new();
    private readonly MessageBuffer _push = new();
    private readonly MessageBuffer _patternPush = new();

    public int Count => _logs.Count;

    /// <summary>Topics and patterns there is room for.</summary>
    public int Capacity => _logs.Capacity;

    public bool HasLeaving { get; set; }

    public LaneReplies Replies => field ??= new LaneReplies(_batch, metrics, fence);

    public LogEntry Execute(LaneCommand command)
    {
        switch (command)
        {
            case PublishCommand publish:
                return Publish(publish);
            case SubscribeCommand subscribe:
                Subscribe(subscribe);
                return default;
            case UnsubscribeCommand unsubscribe:
                Unsubscribe(unsubscribe);
                return default;
            case ReplyCommand reply:
                reply.WriteTo(Replies.Begin());
                Replies.Queue(reply.Writer);
                return default;
            case PatternCommand pattern:
                Execute(pattern);
                return default;
            default:
                throw new ArgumentException($"Not a lane's command: {command.GetType().Name}.", nameof(command));
        }
    }

    public void Refuse(LaneCommand command)
    {
        switch (command)
        {
            case PublishCommand publish:
                publish.Outcome = PublishResult.Unavailable;
                if (publish.Publisher is { } publisher)
                {
                    Replies.Error(publisher, publish.Format, new ErrorMessage(ErrorCode.Unavailable, publish.Id) { Topic = publish.TopicMemory });
                }

                break;
            case SubscribeCommand subscribe:
                Refuse(subscribe, ErrorCode.Unavailable);
                break;
            case PatternCommand { Request: PatternRequest.Subscribe subscribe } pattern:
                Refuse(subscribe, pattern.Lane, ErrorCode.Unavailable);
                AnswerIfLast(subscribe);
                break;
            default:
                Execute(command);
                break;
        }
    }

    public void Leave(Subscription subscription)
    {
        if (!subscription.IsOpen)
        {
            return;
        }

        if (_logs.Find(subscription) is not { } log || !log.Close(subscription))
        {
            // Of the lane's predecessor that failed.
            subscription.Close();
        }
        else if (log.Subscribers == 0)
        {
            _logs.Remove(subscription.Topic, log);
        }
    }

    public void AppendRemote(ReadOnlySpan<byte> topic, in LogEntry entry) => AppendToAll(topic, entry);

    public void AppendTo(byte[] topic, in LogEntry entry)
    {
        if (_logs.First(topic) is { } log)
        {
            Append(log, topic, entry);
        }
    }

    public void End(Subscription subscription)
    {
        if (_logs.Find(subscription) is { } log)
        {
            subscription.EndAt(log.Position);
        }
    }

    public void AppendGap() => AppendGap(static log => !log.IsSequenced);

    public void AppendPatternGap() => AppendGap(static log => log.Pattern is not null);

    public void AppendGap(byte[] topic, GapMessage gap)
    {
        for (var log = _logs.First(topic); log is not null; log = log.Sibling)
        {
            AppendGap(log, gap);
        }
    }

    public void AppendMembers(byte[] topic, in LogEntry entry)
    {
        _forms.Begin();
        for (var log = _logs.First(topic); log is not null; log = log.Sibling)
        {
            if (log.Form.Presence)
            {
                AppendAs(log, topic, entry);
            }
        }
    }

    public bool Admits(Subscription subscription, int maxSubscribers)
    {
        if (maxSubscribers == 0 || _logs.First(subscription.Topic) is not { } first)
        {
            return true;
        }

        // Who has ended holds no place, even where it waits to be closed.
        return Sum(first, static log => log.Subscribers) < maxSubscribers
            || (HasLeaving && Sum(first, static log => log.CountPresent()) < maxSubscribers);
    }

    public void Open(Subscription subscription) => _logs.FindOrAdd(subscription).Open(subscription);

    public void Show(Subscription subscription)
    {
        subscription.MarkDirty();
        _batch.Add(subscription.Writer);
    }

    public void Flush(Func<bool>? othersFollow = null)
    {
        try
        {
            foreach (var log in _touched)
            {
                log.Touched = false;
                if (log.Mark(_batch, lagLimit) is > 0 and var skips)
                {
                    metrics.Skipped(log.Slow, skips);
                }
            }
        }
        finally
        {
            // Whatever a log does: nobody else would ever drain the writers that are taken.
            _touched.Clear();
            _batch.Flush(othersFollow);
        }

        // What a client takes at once is not kept for it.
        if (memory.IsDue)
        {
            Recount();
        }
    }

    public void Recount()
    {
        _batch.Flush();
        memory.Settle(_batch);
        _batch.Flush();
    }

    /// <summary>The reply is queued before the append, so it goes out before the publisher's own echo.</summary>
    private LogEntry Publish(PublishCommand command)
    {
        var codec = command.Format.Codec();
        if (command.Publisher is { } publisher && command.Id.IsPresent)
        {
            codec.Write(Replies.Begin(), new PublishedMessage(command.Id, command.TopicMemory));
            Replies.Promise(publisher);
        }

        var push = new PushMessage(command.Topic, command.Data)
        {
            FromConnection = command.FromConnection.Span,
            FromUser = command.FromUser.Span,
            FromInfo = command.FromInfo.Span,
            Time = command.Time,
        };
        var length = codec.MeasureMessage(push);
        _push.Clear().Advance(codec.WriteMessage(_push.GetSpan(length), push));
        var entry = new LogEntry(_push.Written, command.Format)
        {
            Origin = command.Echo ? 0 : command.Publisher?.ConnectionId ?? 0,
            Time = command.Time ?? 0,
        };
        AppendToAll(command.Topic, entry);
        return entry;
    }

    private void Subscribe(SubscribeCommand command)
    {
        var subscription = command.Subscription;
        var format = subscription.Form.Format;
        if (!subscription.IsOpen && (subscription.IsRefused || !Admits(subscription, command.MaxSubscribers)))
        {
            Refuse(command, ErrorCode.LimitExceeded);
            return;
        }

        var reply = new SubscribedMessage(command.Id, subscription.Topic) { Recovered = command.AskedToRecover ? false : null, Reason = command.Reason };
        format.Codec().Write(Replies.Begin(), reply);
        Replies.Promise(subscription.Writer);
        if (!subscription.IsOpen)
        {
            Open(subscription);
        }
    }

    /// <summary>A cursor that is not open stays closed, whatever follows it in the inbox; one that is open stays so.</summary>
    private void Refuse(SubscribeCommand command, ErrorCode code)
    {
        var subscription = command.Subscription;
        Replies.Refuse(command, code);
        if (!subscription.IsOpen)
        {
            subscription.IsRefused = true;
            command.Refuse();
        }
    }

    /// <summary>Does this lane's part; the last lane answers for all.</summary>
    private void Execute(PatternCommand command)
    {
        switch (command.Request)
        {
            case PatternRequest.Subscribe subscribe:
                Subscribe(subscribe, command.Lane);
                AnswerIfLast(subscribe);
                break;
            case PatternRequest.Unsubscribe unsubscribe:
                Leave(unsubscribe.Subscription.Cursors[command.Lane]);
                if (unsubscribe.IsLast())
                {
                    unsubscribe.Subscription.Format.Codec().Write(Replies.Begin(), unsubscribe.Reply);
                    Replies.Queue(unsubscribe.Writer);
                }

                break;
            case PatternRequest.Answer answer:
                if (answer.IsLast())
                {
                    answer.WriteTo(Replies.Begin());
                    Replies.Queue(answer.Writer);
                }

                break;
            default:
                throw new ArgumentException($"Not a request about a pattern: {command.Request.GetType().Name}.", nameof(command));
        }
    }

    private void Subscribe(PatternRequest.Subscribe request, int lane)
    {
        var cursor = request.Subscription.Cursors[lane];
        if (cursor.IsOpen)
        {
            return;
        }

        if (request.Subscription.IsRefused || (_logs.Patterns >= maxPatterns && _logs.First(cursor.Topic) is null))
        {
            Refuse(request, lane, ErrorCode.LimitExceeded);
        }
        else
        {
            _logs.FindOrAdd(cursor).Open(cursor);
        }
    }

    /// <summary>A cursor that is not open stays closed, and with it the whole subscription; where all are open they stay so.</summary>
    private static void Refuse(PatternRequest.Subscribe request, int lane, ErrorCode code)
    {
        request.Fail(code);
        if (!request.Subscription.Cursors[lane].IsOpen)
        {
            request.Subscription.IsRefused = true;
        }
    }

    private void AnswerIfLast(PatternRequest.Subscribe request)
    {
        if (!request.IsLast())
        {
            return;
        }

        var subscription = request.Subscription;
        if (request.Error is not ErrorCode.None and var code)
        {
            Replies.Error(request.Writer, subscription.Format, new ErrorMessage(code, request.Id) { Topic = subscription.Pattern });
            if (subscription.IsRefused)
            {
                request.Refuse();
            }

            return;
        }

        subscription.Format.Codec().Write(Replies.Begin(), new SubscribedMessage(request.Id, subscription.Pattern));
        Replies.Promise(request.Writer);
        subscription.Show();
        _batch.Add(request.Writer);
    }

    private static int Sum(TopicLog first, Func<TopicLog, int> of)
    {
        var sum = 0;
        for (TopicLog? log = first; log is not null; log = log.Sibling)
        {
            sum += of(log);
        }

        return sum;
    }

    private void Unsubscribe(UnsubscribeCommand command)
    {
        var subscription = command.Subscription;
        Leave(subscription);
        var format = subscription.Form.Format;
        var reply = new UnsubscribedMessage(command.Id, subscription.Topic) { Reason = command.Reason };
        format.Codec().Write(Replies.Begin(), reply);
        Replies.Queue(subscription.Writer);
    }

    /// <summary>Appends a push to the logs of its topic and of the patterns that match; without patterns that is a comparison more.</summary>
    private void AppendToAll(ReadOnlySpan<byte> topic, in LogEntry entry)
    {
        if (_logs.First(topic) is { } log)
        {
            Append(log, topic, entry);
        }

        if (_logs.Patterns > 0)
        {
            AppendToPatterns(topic, entry);
        }
    }

    private void AppendToPatterns(ReadOnlySpan<byte> topic, in LogEntry entry)
    {
        _logs.FindPatterns(topic, _matching);
        foreach (var log in _matching)
        {
            var pattern = log.Pattern!;
            var codec = entry.Format.Codec();
            var isPush = codec.TryWriteWithPattern(_patternPush.Clear(), entry.Payload, pattern);
            if (!isPush)
            {
                // Of another node, and no push at all.
                codec.Write(_patternPush.Clear(), PatternSubscription.GapOf(pattern));
            }

            Append(log, pattern, new LogEntry(_patternPush.Written, entry.Format) { Origin = entry.Origin, Time = entry.Time, IsGap = !isPush });
        }

        _matching.Clear();
    }

    /// <summary>Appends a push to every log of a topic or pattern. With one form, the publisher's, that is a comparison more than an append.</summary>
    private void Append(TopicLog first, ReadOnlySpan<byte> topic, in LogEntry entry)
    {
        _forms.Begin();
        for (TopicLog? log = first; log is not null; log = log.Sibling)
        {
            AppendAs(log, topic, entry);
        }
    }

    private void AppendAs(TopicLog log, ReadOnlySpan<byte> topic, in LogEntry entry)
    {
        if (log.Form.Format == entry.Format && !log.Form.Deflated)
        {
            Append(log, entry);
        }
        else
        {
            Append(log, _forms.Make(log.Form, topic, entry));
        }
    }

    private void AppendGap(Predicate<TopicLog> isMeant)
    {
        foreach (var (topic, first) in _logs.All)
        {
            if (isMeant(first))
            {
                AppendGap(topic, PatternSubscription.GapOf(topic));
            }
        }
    }

    private void AppendGap(TopicLog log, GapMessage gap)
    {
        log.Form.Format.Codec().Write(_gap.Clear(), gap);
        Append(log, new LogEntry(_gap.Written, log.Form.Format) { IsGap = true });
    }

    private void Append(TopicLog log, in LogEntry entry)
    {
        memory.Appended(log.Append(entry));
        if (!log.Touched)
        {
            log.Touched = true;
            _touched.Add(log);
            memory.Watch(log);
        }
    }
}
