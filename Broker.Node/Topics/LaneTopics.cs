using Broker.Protocol.Frames;
using Broker.Protocol.Wire;

namespace Broker.Node.Topics;

/// <summary>The local logs of one lane's topics. Single-threaded: only its lane calls it.</summary>
/// <param name="codec">Writes the pushes and replies.</param>
/// <param name="pool">Shares big fan-outs.</param>
/// <param name="lagLimit">Bytes a cursor may lag beyond the newest entry.</param>
internal sealed class LaneTopics(IWireCodec codec, FanOutPool pool, int lagLimit) : ILaneTopics
{
    private readonly Dictionary<byte[], TopicLog> _logs = new(TopicKeyComparer.Instance);
    private readonly List<TopicLog> _touched = [];
    private readonly DrainBatch _batch = new(pool);
    private readonly FrameBuffer _reply = new();
    private readonly FrameBuffer _push = new();

    public int Count => _logs.Count;

    public ReadOnlySpan<byte> Execute(LaneCommand command)
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
            default:
                throw new ArgumentException($"Not a lane's command: {command.GetType().Name}.", nameof(command));
        }
    }

    public void AppendRemote(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> frame)
    {
        if (_logs.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var log))
        {
            Append(log, frame, origin: 0);
        }
    }

    public void AppendGap()
    {
        foreach (var (topic, log) in _logs)
        {
            codec.Write(_reply.Clear(), new GapMessage(topic));
            Append(log, _reply.Frame(Opcode.Text), origin: 0);
        }
    }

    public void Flush()
    {
        foreach (var log in _touched)
        {
            log.Touched = false;
            log.Mark(_batch, lagLimit);
        }

        _touched.Clear();
        _batch.Flush();
    }

    /// <summary>The reply is queued before the append, so it goes out before the publisher's own echo.</summary>
    private ReadOnlySpan<byte> Publish(PublishCommand command)
    {
        if (command.Publisher is { } publisher && command.Id.IsPresent)
        {
            codec.Write(_reply.Clear(), new PublishedMessage(command.Id, command.TopicMemory));
            publisher.Send(_reply.Frame(Opcode.Text), _batch);
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
        var frame = _push.Frame(Opcode.Text);
        if (_logs.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(command.Topic, out var log))
        {
            Append(log, frame, command.Echo ? 0 : command.Publisher?.ConnectionId ?? 0);
        }

        return frame;
    }

    private void Subscribe(SubscribeCommand command)
    {
        var subscription = command.Subscription;
        var writer = subscription.Writer;
        if (subscription.Log is null && !Admits(command))
        {
            codec.Write(_reply.Clear(), new ErrorMessage(ErrorCode.LimitExceeded, command.Id) { Topic = subscription.Topic });
            writer.Send(_reply.Frame(Opcode.Text), _batch);
            command.Refuse();
            return;
        }

        var reply = new SubscribedMessage(command.Id, subscription.Topic) { Recovered = command.AskedToRecover ? false : null };
        codec.Write(_reply.Clear(), reply);
        writer.Send(_reply.Frame(Opcode.Text), _batch);
        if (subscription.Log is null)
        {
            if (!_logs.TryGetValue(subscription.Topic, out var log))
            {
                _logs.Add(subscription.Topic, log = new TopicLog());
            }

            log.Open(subscription);
        }
    }

    private bool Admits(SubscribeCommand command) =>
        command.MaxSubscribers == 0
        || !_logs.TryGetValue(command.Subscription.Topic, out var log)
        || log.Subscribers < command.MaxSubscribers;

    private void Unsubscribe(UnsubscribeCommand command)
    {
        var subscription = command.Subscription;
        if (subscription.Log is { } log)
        {
            log.Close(subscription);

            // After a failure it may be a log of the lane's predecessor, and the topic may have subscribers again.
            if (log.Subscribers == 0 && _logs.TryGetValue(subscription.Topic, out var present) && ReferenceEquals(present, log))
            {
                _logs.Remove(subscription.Topic);
            }
        }

        if (!command.Silent)
        {
            var reply = new UnsubscribedMessage(command.Id, subscription.Topic) { Reason = command.Reason };
            codec.Write(_reply.Clear(), reply);
            subscription.Writer.Send(_reply.Frame(Opcode.Text), _batch);
        }
    }

    private void Append(TopicLog log, ReadOnlySpan<byte> frame, long origin)
    {
        log.Append(frame, origin);
        if (!log.Touched)
        {
            log.Touched = true;
            _touched.Add(log);
        }
    }
}
