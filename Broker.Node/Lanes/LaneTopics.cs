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
internal sealed class LaneTopics(FanOutPool pool, int lagLimit, int maxPatterns, MessageDeflateOptions deflate, LaneMemory memory, BrokerMetrics metrics, Fence fence) : ILaneTopics
{
    /// <summary>Milliseconds after which a client may ask again what is unavailable.</summary>
    public const long RetryAfter = 1000;

    private readonly LaneLogs _logs = new();
    private readonly List<TopicLog> _matching = [];
    private readonly PushForms _forms = new(deflate);
    private readonly List<TopicLog> _touched = [];
    private readonly DrainBatch _batch = new(pool);
    private readonly MessageBuffer _reply = new();
    private readonly MessageBuffer _push = new();
    private readonly MessageBuffer _patternPush = new();

    public int Count => _logs.Count;

    /// <summary>Topics and patterns there is room for.</summary>
    public int Capacity => _logs.Capacity;

    public bool HasLeaving { get; set; }

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
                reply.WriteTo(_reply.Clear());
                Reply(reply.Writer);
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
                    Answer(publisher, publish.Format, ErrorCode.Unavailable, publish.Id, publish.TopicMemory);
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

    public void AppendGap()
    {
        foreach (var (topic, first) in _logs.All)
        {
            for (TopicLog? log = first; log is not null; log = log.Sibling)
            {
                var format = log.Form.Format;
                format.Codec().Write(_reply.Clear(), PatternSubscription.GapOf(topic));
                Append(log, new LogEntry(_reply.Written, format) { IsGap = true });
            }
        }
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
            codec.Write(_reply.Clear(), new PublishedMessage(command.Id, command.TopicMemory));
            publisher.Promise(_reply, fence);
            _batch.Add(publisher);
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
        if (!subscription.IsOpen && (subscription.IsRefused || !Admits(command)))
        {
            Refuse(command, ErrorCode.LimitExceeded);
            return;
        }

        var reply = new SubscribedMessage(command.Id, subscription.Topic) { Recovered = command.AskedToRecover ? false : null };
        format.Codec().Write(_reply.Clear(), reply);
        subscription.Writer.Promise(_reply, fence);
        _batch.Add(subscription.Writer);
        if (!subscription.IsOpen)
        {
            _logs.FindOrAdd(subscription).Open(subscription);
        }
    }

    /// <summary>A cursor that is not open stays closed, whatever follows it in the inbox; one that is open stays so.</summary>
    private void Refuse(SubscribeCommand command, ErrorCode code)
    {
        var subscription = command.Subscription;
        Answer(subscription.Writer, subscription.Form.Format, code, command.Id, subscription.Topic);
        if (!subscription.IsOpen)
        {
            subscription.IsRefused = true;
            command.Refuse();
        }
    }

    private void Answer(ConnectionWriter writer, WireFormat format, ErrorCode code, WireId id, ReadOnlyMemory<byte> topic)
    {
        metrics.RequestRefused(code);
        format.Codec().Write(_reply.Clear(), new ErrorMessage(code, id) { Topic = topic, RetryAfter = code == ErrorCode.Unavailable ? RetryAfter : null });
        Reply(writer);
    }

    /// <summary>What <c>_reply</c> has.</summary>
    private void Reply(ConnectionWriter writer)
    {
        writer.Queue(_reply);
        _batch.Add(writer);
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
                    unsubscribe.Subscription.Format.Codec().Write(_reply.Clear(), unsubscribe.Reply);
                    Reply(unsubscribe.Writer);
                }

                break;
            case PatternRequest.Answer answer:
                if (answer.IsLast())
                {
                    answer.WriteTo(_reply.Clear());
                    Reply(answer.Writer);
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
            Answer(request.Writer, subscription.Format, code, request.Id, subscription.Pattern);
            if (subscription.IsRefused)
            {
                request.Refuse();
            }

            return;
        }

        subscription.Format.Codec().Write(_reply.Clear(), new SubscribedMessage(request.Id, subscription.Pattern));
        request.Writer.Promise(_reply, fence);
        subscription.Show();
        _batch.Add(request.Writer);
    }

    /// <summary>Counts the subscribers of all forms.</summary>
    private bool Admits(SubscribeCommand command)
    {
        if (command.MaxSubscribers == 0 || _logs.First(command.Subscription.Topic) is not { } first)
        {
            return true;
        }

        // Who has ended holds no place, even where it waits to be closed.
        return Sum(first, static log => log.Subscribers) < command.MaxSubscribers
            || (HasLeaving && Sum(first, static log => log.CountPresent()) < command.MaxSubscribers);
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
        format.Codec().Write(_reply.Clear(), reply);
        Reply(subscription.Writer);
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
        var own = new PushForm(entry.Format, Deflated: false);
        _forms.Begin();
        for (TopicLog? log = first; log is not null; log = log.Sibling)
        {
            if (log.Form == own)
            {
                Append(log, entry);
            }
            else
            {
                Append(log, _forms.Make(log.Form, topic, entry));
            }
        }
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
