using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>
/// One partition on its lane: gives requests of clients to the replica, and writes to the local logs and to connections what comes of
/// them. Single-threaded: only its lane calls it.
/// </summary>
internal sealed class LanePartition : IPartitionOutput
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    private readonly LanePartitions _lane;
    private readonly Dictionary<long, PublishCommand> _publishes = [];
    private readonly Dictionary<long, (LaneCommand? Command, Action<TopicAnswer> Told)> _questions = [];
    private readonly LocalTopics _topics;
    private readonly MessageBuffer _push = new();
    private readonly List<LocalTopic> _unanswered = [];
    private (LaneId To, Copied Message)? _copied;

    public LanePartition(int id, LanePartitions lane)
    {
        (Id, _lane) = (id, lane);
        Host = new PartitionHost(new PartitionContext(id, lane.Self, this, lane.Options.Partitions, NewEpoch, () => lane.Clock), lane.Now);
        _topics = new LocalTopics(Host.Replica);
    }

    public int Id { get; }

    public PartitionHost Host { get; }

    public bool HasLease { get; private set; }

    private PartitionReplica Replica => Host.Replica;

    private LaneReplies Replies => _lane.Logs.Replies;

    private TimeSpan Deadline => _lane.Now + _lane.Options.Patience;

    public void SetLease(bool has)
    {
        HasLease = has;
        Host.SetLease(has);
    }

    public void Receive(LaneId from, PartitionMessage message)
    {
        Host.Receive(from, message);
        if (message is Released)
        {
            // Its entity is to start elsewhere, at once.
            Poke();
        }
    }

    /// <summary>Somebody here wants all that comes of the partition, whatever the topic.</summary>
    public void SetWatched(bool isWatched) => _topics.Count(isWatched ? 1 : -1);

    /// <summary>Once everything that was asked before is answered, and the owner knows what is wanted here. False: nobody answered in time.</summary>
    public void AskBarrier(Action<bool> answered)
    {
        Ask(new TopicQuery(TopicQueryKind.Barrier, []), answer => answered(answer.Error == TopicAnswerError.None));
        if (Replica.OwnerLane is null)
        {
            Poke();
        }
    }

    public void Tick()
    {
        Host.Tick(_lane.Now);
        LocalTopic[] unanswered = [.. _unanswered];
        _unanswered.Clear();
        foreach (var topic in unanswered.Where(topic => _topics.Find(topic.Name) == topic))
        {
            Resync(topic);
        }

        if (Replica.NeedsOwner && Replica.Silence(_lane.Now) >= Silence)
        {
            Poke();
        }
    }

    /// <summary>At the end of a turn: what need not be said for each entry, and what waits for room on the link.</summary>
    public void Flush()
    {
        if (Replica.IsHeld && Replica.OwnerLane is { } owner && _lane.Accepts(owner))
        {
            Replica.SendHeld();
        }

        if (_copied is { } copied)
        {
            _copied = null;
            _lane.Send(this, copied.To, copied.Message);
        }
    }

    public void Execute(LaneCommand command)
    {
        // Whoever asks waits: a question is said again, and is no message that has to be kept.
        if (command is PublishCommand && Replica.Pending >= _lane.Options.Pending)
        {
            Refuse(command);
            return;
        }

        switch (command)
        {
            case PublishCommand publish:
                _publishes.Add(Replica.Publish(PublishForwards.Of(publish, _lane.Clock), Deadline), publish);
                break;
            case SubscribeCommand subscribe:
                Subscribe(subscribe);
                break;
            case UnsubscribeCommand or ReplyCommand:
                Ask(new TopicQuery(TopicQueryKind.Barrier, command.Topic.ToArray()), _ => ExecuteHere(command), command);
                break;
            case QuestionCommand question:
                Ask(question.Query, answer => Answer(question, answer), question);
                break;
            case PageCommand page:
                Turn(page.Recovery);
                break;
            default:
                throw new ArgumentException($"Not about a sequenced topic: {command.GetType().Name}.", nameof(command));
        }

        if (Replica.OwnerLane is null)
        {
            Poke();
        }
    }

    /// <summary>The lane ends: nobody will be told what became of what is under way.</summary>
    public void End()
    {
        foreach (var command in _publishes.Values.Concat(_questions.Values.Select(static question => question.Command).OfType<LaneCommand>()))
        {
            command.Disown();
            command.Complete();
        }
    }

    public void Refuse(LaneCommand command)
    {
        switch (command)
        {
            case PublishCommand publish:
                PublishForwards.Finish(publish, PublishEnd.Unavailable, default, 0, Replies);
                break;
            case SubscribeCommand subscribe:
                Refuse(subscribe, ErrorCode.Unavailable);
                subscribe.Complete();
                break;
            case QuestionCommand question:
                Answer(question, new TopicAnswer(0, default) { Error = TopicAnswerError.Unavailable });
                break;
            default:
                // It promises nothing, and may not overtake what was asked before it.
                Execute(command);
                break;
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Leave(Subscription subscription)
    {
        if (subscription.IsOpen)
        {
            _lane.Logs.Leave(subscription);
            _topics.Release(subscription);
        }
    }

    public bool Send(LaneId to, PartitionMessage message)
    {
        if (message is Copied copied)
        {
            // Cumulative: the last of a turn says it all.
            _copied = (to, copied);
            return true;
        }

        return _lane.Send(this, to, message);
    }

    public void Deliver(ulong epoch, PartitionEntry entry)
    {
        if (!entry.IsTaken)
        {
            return;
        }

        var forward = entry.Forward;
        var topic = forward.Topic!;
        if (forward.Kind == ForwardKind.Order)
        {
            Order(topic, forward.Payload.Span);
            return;
        }

        if (IsResyncing(topic))
        {
            return;
        }

        switch (forward.Kind)
        {
            case ForwardKind.Publish or ForwardKind.Remove or ForwardKind.Expire:
                _lane.Logs.AppendRemote(topic, new LogEntry(forward.Payload.Span, forward.Format) { Origin = forward.Origin == _lane.Self ? forward.Connection : 0, Time = forward.Time });
                break;
            case ForwardKind.Join or ForwardKind.Leave when !forward.IsQuiet:
                var member = new PresenceMember(forward.Subject, forward.Payload);
                forward.Format.Codec().Write(_push.Clear(), new MembersMessage(topic, forward.Kind == ForwardKind.Join, [member]));
                _lane.Logs.AppendMembers(topic, new LogEntry(_push.Written, forward.Format));
                break;
            case ForwardKind.Count:
                var counts = forward.Payload.Span;
                var list = new PresenceList(BinaryPrimitives.ReadInt64LittleEndian(counts), BinaryPrimitives.ReadInt64LittleEndian(counts[8..]), null);
                forward.Format.Codec().Write(_push.Clear(), new PresenceMessage(default, topic, list));
                _lane.Logs.AppendMembers(topic, new LogEntry(_push.Written, forward.Format));
                break;
            default:
                break;
        }
    }

    /// <summary>The position from which each topic goes on is the owner's to say; until then nothing of it is shown.</summary>
    public void Gap(ulong epoch, long sequence)
    {
        _lane.Logs.AppendPatternGap();
        foreach (var topic in _topics.All.Where(static topic => !topic.IsResyncing))
        {
            topic.IsResyncing = true;
            Resync(topic);
        }
    }

    public void Answer(long token, PublishEnd end, TopicPosition position, int copies)
    {
        if (_publishes.Remove(token, out var command))
        {
            PublishForwards.Finish(command, end, position, copies, Replies);
        }
    }

    public void Told(long token, TopicAnswer answer)
    {
        if (_questions.Remove(token, out var question))
        {
            question.Told(answer);
        }
    }

    private void Order(byte[] topic, ReadOnlySpan<byte> payload)
    {
        if (TopicName.IsOfUser(topic, out var user) && UserOrder.Read(payload) is { } order)
        {
            _lane.Options.Ordered(Encoding.UTF8.GetString(user), order);
        }
    }

    private static ulong NewEpoch()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return Math.Max(1, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }

    private void Poke() => _lane.Options.Leases.Poke(Id);

    private bool IsResyncing(byte[] topic) => _topics.Find(topic) is { IsResyncing: true };

    private void Ask(TopicQuery query, Action<TopicAnswer> told, LaneCommand? command = null) => _questions.Add(Replica.Ask(query, Deadline), (command, told));

    private void Resync(LocalTopic topic) => Ask(new TopicQuery(TopicQueryKind.Subscribe, topic.Name), answer =>
    {
        if (answer.Error != TopicAnswerError.None)
        {
            // Not at once: an owner that has room for no more topics says so each time.
            _unanswered.Add(topic);
            return;
        }

        // What came of the topic since the gap was shown to nobody, whatever they are subscribed to.
        topic.IsResyncing = false;
        _lane.Logs.AppendPatternGap();
        _lane.Logs.AppendGap(topic.Name, new GapMessage(topic.Shown) { Position = answer.Position.ToWire(), Presence = topic.Members.Count > 0 });
    });

    private void Subscribe(SubscribeCommand command)
    {
        var subscription = command.Subscription;
        var topic = _topics.Hold(subscription);
        var query = new TopicQuery(TopicQueryKind.Subscribe, topic.Name)
        {
            Since = subscription.IsOpen ? null : command.Recover,
            Limit = subscription.IsOpen ? 0 : command.Last,
            Member = subscription.Member,
            Members = command.MaxConnections > 0 ? 1 : command.ShownMembers,
        };
        Ask(query, answer => OnSubscribed(command, topic, answer), command);
    }

    /// <summary>Whatever is delivered from now on is not in the answer.</summary>
    private void OnSubscribed(SubscribeCommand command, LocalTopic topic, TopicAnswer answer)
    {
        var subscription = command.Subscription;
        var error = answer.Error switch
        {
            TopicAnswerError.None => _lane.Logs.Admits(subscription, command.MaxSubscribers) ? ErrorCode.None : ErrorCode.LimitExceeded,
            TopicAnswerError.Unavailable => ErrorCode.Unavailable,
            _ => ErrorCode.LimitExceeded,
        };
        var isCrowded = command.MaxConnections > 0 && answer.Members?.Connections > command.MaxConnections;
        if (isCrowded)
        {
            error = ErrorCode.LimitExceeded;
        }

        if (!subscription.IsOpen && (subscription.HasLeft || subscription.IsRefused || error != ErrorCode.None))
        {
            // Who asks for it anew before this answer has come does not get round the bound.
            if (!subscription.HasLeft || isCrowded)
            {
                Refuse(command, error == ErrorCode.None ? ErrorCode.LimitExceeded : error, isCrowded);
            }

            _topics.Release(subscription);
            command.Complete();
            return;
        }

        var reply = new SubscribedMessage(command.Id, topic.Shown)
        {
            Reason = command.Reason,
            Position = answer.Position.ToWire(),
            Recovered = subscription.IsOpen && command.Recover is not null ? false : answer.Recovered,
            Snapshot = answer.IsSnapshot && !subscription.IsOpen ? answer.Entries.Count : null,
            Presence = command.ShownMembers > 0 && answer.Members is { } members ? members.ToWire(subscription.Form.Format) : null,
        };
        subscription.Form.Format.Codec().Write(Replies.Begin(), reply);
        Replies.Promise(subscription.Writer);
        if (subscription.IsOpen)
        {
            // One subscription holds its topic once.
            _topics.Release(subscription);
        }
        else
        {
            Open(subscription, answer);
        }

        command.Complete();
    }

    private void Open(Subscription subscription, TopicAnswer answer)
    {
        if (answer.Entries.Count > 0)
        {
            var recovery = new Recovery(subscription, answer.Position with { Offset = answer.Entries[^1].Offset }, answer.Position.Offset, _lane.Post);
            recovery.Replay.Give(ReplayPage.Of(answer.Entries, subscription.Form.Format), isLast: !answer.More);
            subscription.Before(recovery.Replay);
        }

        _lane.Logs.Open(subscription);
        _lane.Logs.Show(subscription);
    }

    private void Turn(Recovery recovery) => Ask(
        new TopicQuery(TopicQueryKind.Page, recovery.Subscription.Topic) { Since = recovery.Last, Through = recovery.Through },
        answer => Give(recovery, answer));

    private void Give(Recovery recovery, TopicAnswer answer)
    {
        var subscription = recovery.Subscription;
        if (subscription.Closed)
        {
            return;
        }

        var format = subscription.Form.Format;
        var first = answer.Entries.Count > 0 ? answer.Entries[0].Offset : recovery.Through + 1;
        LogSegment? gap = null;
        if (answer.Error != TopicAnswerError.None || first != recovery.Last.Offset + 1)
        {
            // What was to come is not kept any more, or cannot be had.
            gap = LogSegment.OfGap(format, new GapMessage(TopicName.Shown(subscription.Topic)) { Position = (recovery.Last with { Offset = first - 1 }).ToWire() });
        }

        if (answer.Entries.Count > 0)
        {
            recovery.Last = recovery.Last with { Offset = answer.Entries[^1].Offset };
        }

        recovery.Replay.Give(ReplayPage.Of(answer.Entries, format, gap), isLast: !answer.More);
        _lane.Logs.Show(subscription);
    }

    private void Refuse(SubscribeCommand command, ErrorCode code, bool isCrowded = false)
    {
        var subscription = command.Subscription;
        Replies.Refuse(command, code);
        if (!subscription.IsOpen)
        {
            subscription.IsRefused = true;
            command.Refuse(isCrowded);
        }
    }

    /// <summary>What was asked before it has been answered.</summary>
    private void ExecuteHere(LaneCommand command)
    {
        switch (command)
        {
            case UnsubscribeCommand unsubscribe:
                var subscription = unsubscribe.Subscription;
                Leave(subscription);
                subscription.Form.Format.Codec().Write(Replies.Begin(), new UnsubscribedMessage(unsubscribe.Id, TopicName.Shown(subscription.Topic)) { Reason = unsubscribe.Reason });
                Replies.Queue(subscription.Writer);
                break;
            case ReplyCommand reply:
                reply.WriteTo(Replies.Begin());
                Replies.Queue(reply.Writer);
                break;
            default:
                throw new ArgumentException($"Has to be asked: {command.GetType().Name}.", nameof(command));
        }

        command.Complete();
    }

    private void Answer(QuestionCommand question, TopicAnswer answer)
    {
        question.Answer(answer, Replies);
        question.Complete();
    }
}
