using System.Buffers.Binary;
using System.Globalization;
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
    private readonly Dictionary<long, Action<TopicAnswer>> _questions = [];
    private readonly Dictionary<byte[], LocalTopic> _topics = new(TopicKeyComparer.Instance);
    private readonly MessageBuffer _push = new();
    private readonly List<LocalTopic> _unanswered = [];
    private (LaneId To, Copied Message)? _copied;
    private int _subscribers;
    private bool _isSomethingUnsaid;

    public LanePartition(int id, LanePartitions lane)
    {
        (Id, _lane) = (id, lane);
        var options = lane.Options;
        Host = new PartitionHost(new PartitionContext(id, lane.Self, this, options.Topics, options.Budget, NewEpoch, () => lane.Clock)
        {
            Copies = options.Copies,
            IsSurvivor = options.IsSurvivor,
            MemberList = options.MemberList,
            MaxMembers = options.MaxMembers,
        });
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
    public void SetWatched(bool isWatched) => Count(isWatched ? 1 : -1);

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
        if (_isSomethingUnsaid && Replica.OwnerLane is { } owner && _lane.Accepts(owner))
        {
            _isSomethingUnsaid = false;
            Replica.Restate();
        }

        Host.Tick(_lane.Now);
        LocalTopic[] unanswered = [.. _unanswered];
        _unanswered.Clear();
        foreach (var topic in unanswered.Where(topic => _topics.GetValueOrDefault(topic.Name) == topic))
        {
            Resync(topic);
        }

        if (Replica.NeedsOwner && Replica.Silence(_lane.Now) >= Silence)
        {
            Poke();
        }
    }

    /// <summary>The link did not take a message, and the peer does not know that it misses one.</summary>
    public void OnUnsaid() => _isSomethingUnsaid = true;

    /// <summary>At the end of a turn: what need not be said for each entry.</summary>
    public void Flush()
    {
        if (_copied is { } copied)
        {
            _copied = null;
            _lane.Send(this, copied.To, copied.Message);
        }
    }

    public void Execute(LaneCommand command)
    {
        // Whoever asks waits: a question is said again, and is no message that has to be kept.
        if (command is PublishCommand && (Replica.Pending >= _lane.Options.Pending || (Replica.OwnerLane is { } owner && !_lane.Accepts(owner))))
        {
            Refuse(command);
            return;
        }

        switch (command)
        {
            case PublishCommand publish:
                _publishes.Add(Replica.Publish(ForwardOf(publish), Deadline), publish);
                break;
            case SubscribeCommand subscribe:
                Subscribe(subscribe);
                break;
            case UnsubscribeCommand or ReplyCommand:
                Ask(new TopicQuery(TopicQueryKind.Barrier, command.Topic.ToArray()), _ => ExecuteHere(command));
                break;
            case QuestionCommand question:
                Ask(question.Query, answer => Answer(question, answer));
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

    public void Refuse(LaneCommand command)
    {
        switch (command)
        {
            case PublishCommand publish:
                Finish(publish, PublishEnd.Unavailable, default);
                break;
            case SubscribeCommand subscribe:
                Refuse(subscribe, ErrorCode.Unavailable);
                subscribe.Complete();
                break;
            case QuestionCommand question:
                Answer(question, new TopicAnswer(0, default) { Error = TopicAnswerError.Unavailable });
                break;
            case PageCommand page:
                Give(page.Recovery, new TopicAnswer(0, default) { Error = TopicAnswerError.Unavailable });
                break;
            default:
                ExecuteHere(command);
                break;
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Leave(Subscription subscription)
    {
        if (subscription.IsOpen)
        {
            _lane.Logs.Leave(subscription);
            Release(subscription);
        }
    }

    public void Send(LaneId to, PartitionMessage message)
    {
        if (message is Copied copied)
        {
            // Cumulative: the last of a turn says it all.
            _copied = (to, copied);
        }
        else
        {
            _lane.Send(this, to, message);
        }
    }

    public void Deliver(ulong epoch, PartitionEntry entry)
    {
        if (!entry.IsTaken)
        {
            return;
        }

        var forward = entry.Forward;
        var topic = forward.Topic!;
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
        foreach (var topic in _topics.Values.Where(static topic => !topic.IsResyncing))
        {
            topic.IsResyncing = true;
            Resync(topic);
        }
    }

    public void Answer(long token, PublishEnd end, TopicPosition position)
    {
        if (_publishes.Remove(token, out var command))
        {
            Finish(command, end, position);
        }
    }

    public void Told(long token, TopicAnswer answer)
    {
        if (_questions.Remove(token, out var told))
        {
            told(answer);
        }
    }

    private static ulong NewEpoch()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return Math.Max(1, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }

    private void Poke() => _lane.Options.Leases.Poke(Id);

    private bool IsResyncing(byte[] topic) => _topics.TryGetValue(topic, out var local) && local.IsResyncing;

    private void Ask(TopicQuery query, Action<TopicAnswer> told) => _questions.Add(Replica.Ask(query, Deadline), told);

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
        _lane.Logs.AppendGap(topic.Name, new GapMessage(topic.Name) { Position = answer.Position.ToWire(), Presence = topic.Members.Count > 0 });
    });

    private Forward ForwardOf(PublishCommand command)
    {
        var codec = command.Format.Codec();
        var push = new PushMessage(command.Topic, command.Data)
        {
            FromConnection = command.FromConnection.Span,
            FromUser = command.FromUser.Span,
            FromInfo = command.FromInfo.Span,
            Time = command.Time,
            Entry = command.Entry.Span,
            Removed = command.IsRemoval ? Removal.Removed : Removal.None,
        };
        var payload = new byte[codec.MeasureMessage(push)];
        codec.WriteMessage(payload, push);
        return new Forward(default, 0, command.Topic.ToArray())
        {
            Kind = command.IsRemoval ? ForwardKind.Remove : ForwardKind.Publish,
            Payload = payload,
            Format = command.Format,
            Time = _lane.Clock,
            Connection = command.Echo ? 0 : command.Publisher?.ConnectionId ?? 0,
            Subject = command.Entry.ToArray(),
            Key = command.Key,
            Digest = command.Key is null ? 0 : DigestOf(command),
            If = command.If,
        };
    }

    private static long DigestOf(PublishCommand command)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(command.Data);
        hash.AppendData([command.IsRemoval ? (byte)1 : (byte)0]);
        hash.AppendData(command.Entry.Span);
        return BinaryPrimitives.ReadInt64LittleEndian(hash.GetHashAndReset());
    }

    private void Finish(PublishCommand command, PublishEnd end, TopicPosition position)
    {
        var error = end switch
        {
            PublishEnd.Conflict => ErrorCode.Conflict,
            PublishEnd.Limited => ErrorCode.LimitExceeded,
            PublishEnd.Timeout => ErrorCode.Timeout,
            PublishEnd.Unavailable => ErrorCode.Unavailable,
            _ => ErrorCode.None,
        };
        command.Outcome = end switch
        {
            PublishEnd.Conflict => PublishResult.Conflict,
            PublishEnd.Limited => PublishResult.LimitExceeded,
            PublishEnd.Timeout => PublishResult.Timeout,
            PublishEnd.Unavailable => PublishResult.Unavailable,
            _ => PublishResult.Published,
        };
        if (command.Publisher is { } publisher)
        {
            if (error != ErrorCode.None)
            {
                Replies.Error(publisher, command.Format, new ErrorMessage(error, command.Id) { Topic = command.TopicMemory, Position = error == ErrorCode.Conflict ? position.ToWire() : null });
            }
            else if (command.Id.IsPresent)
            {
                command.Format.Codec().Write(Replies.Begin(), new PublishedMessage(command.Id, command.TopicMemory) { Position = position.ToWire() });
                Replies.Promise(publisher);
            }
        }

        command.Complete();
    }

    private void Subscribe(SubscribeCommand command)
    {
        var subscription = command.Subscription;
        var topic = Hold(subscription);
        var query = new TopicQuery(TopicQueryKind.Subscribe, topic.Name)
        {
            Since = subscription.IsOpen ? null : command.Recover,
            Limit = subscription.IsOpen ? 0 : command.Last,
            Member = subscription.Member,
            Members = command.ShownMembers,
        };
        Ask(query, answer => OnSubscribed(command, topic, answer));
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
        if (!subscription.IsOpen && (subscription.HasLeft || subscription.IsRefused || error != ErrorCode.None))
        {
            if (!subscription.HasLeft)
            {
                Refuse(command, error == ErrorCode.None ? ErrorCode.LimitExceeded : error);
            }

            Release(subscription);
            command.Complete();
            return;
        }

        var reply = new SubscribedMessage(command.Id, topic.Name)
        {
            Position = answer.Position.ToWire(),
            Recovered = subscription.IsOpen && command.Recover is not null ? false : answer.Recovered,
            Snapshot = answer.IsSnapshot && !subscription.IsOpen ? answer.Entries.Count : null,
            Presence = answer.Members is { } members ? members.ToWire(subscription.Form.Format) : null,
        };
        subscription.Form.Format.Codec().Write(Replies.Begin(), reply);
        Replies.Promise(subscription.Writer);
        if (subscription.IsOpen)
        {
            // One subscription holds its topic once.
            Release(subscription);
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
            gap = LogSegment.OfGap(format, new GapMessage(subscription.Topic) { Position = (recovery.Last with { Offset = first - 1 }).ToWire() });
        }

        if (answer.Entries.Count > 0)
        {
            recovery.Last = recovery.Last with { Offset = answer.Entries[^1].Offset };
        }

        recovery.Replay.Give(ReplayPage.Of(answer.Entries, format, gap), isLast: !answer.More);
        _lane.Logs.Show(subscription);
    }

    private static ReadOnlyMemory<byte> AfterOf(TopicMembers members) =>
        members.After > 0 ? Encoding.ASCII.GetBytes(members.After.ToString(CultureInfo.InvariantCulture)) : default;

    private void Refuse(SubscribeCommand command, ErrorCode code)
    {
        var subscription = command.Subscription;
        Replies.Error(subscription.Writer, subscription.Form.Format, new ErrorMessage(code, command.Id) { Topic = subscription.Topic });
        if (!subscription.IsOpen)
        {
            subscription.IsRefused = true;
            command.Refuse();
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
                subscription.Form.Format.Codec().Write(Replies.Begin(), new UnsubscribedMessage(unsubscribe.Id, subscription.Topic) { Reason = unsubscribe.Reason });
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
        var topic = question.Query.Topic;
        var error = answer.Error switch
        {
            TopicAnswerError.Stale => ErrorCode.StalePosition,
            TopicAnswerError.Limited => ErrorCode.LimitExceeded,
            TopicAnswerError.Unavailable => ErrorCode.Unavailable,
            _ => ErrorCode.None,
        };
        if (error != ErrorCode.None)
        {
            Replies.Error(question.Writer, question.Format, new ErrorMessage(error, question.Id) { Topic = topic });
        }
        else
        {
            var codec = question.Format.Codec();
            if (question.Query.Kind == TopicQueryKind.History)
            {
                codec.Write(Replies.Begin(), new HistoryMessage(question.Id, topic, answer.Position.ToWire(), ReplayPage.Pushes(answer.Entries, question.Format), answer.More));
            }
            else
            {
                codec.Write(Replies.Begin(), new PresenceMessage(question.Id, topic, answer.Members!.ToWire(question.Format)) { After = AfterOf(answer.Members!) });
            }

            Replies.Promise(question.Writer);
        }

        question.Complete();
    }

    /// <summary>The node wants what comes of the topic.</summary>
    private LocalTopic Hold(Subscription subscription)
    {
        if (!_topics.TryGetValue(subscription.Topic, out var topic))
        {
            topic = new LocalTopic(subscription.Topic);
            _topics.Add(topic.Name, topic);
        }

        topic.Subscribers++;
        Count(1);
        if (subscription.Member.Length > 0)
        {
            var count = topic.Members.GetValueOrDefault(subscription.Member) + 1;
            topic.Members[subscription.Member] = count;
            Replica.SetMember(topic.Name, new TopicMember(subscription.Member, subscription.MemberInfo, subscription.Form.Format), count);
        }

        return topic;
    }

    private void Release(Subscription subscription)
    {
        var topic = _topics[subscription.Topic];
        if (subscription.Member.Length > 0)
        {
            var count = topic.Members[subscription.Member] - 1;
            if (count > 0)
            {
                topic.Members[subscription.Member] = count;
            }
            else
            {
                topic.Members.Remove(subscription.Member);
            }

            Replica.SetMember(topic.Name, new TopicMember(subscription.Member, subscription.MemberInfo, subscription.Form.Format), count);
        }

        if (--topic.Subscribers == 0)
        {
            _topics.Remove(topic.Name);
        }

        Count(-1);
    }

    private void Count(int subscribers)
    {
        _subscribers += subscribers;
        Replica.SetInterest(_subscribers > 0);
    }

    /// <summary>A topic with subscribers here.</summary>
    private sealed class LocalTopic(byte[] name)
    {
        public byte[] Name => name;

        public int Subscribers { get; set; }

        /// <summary>Connections of each user.</summary>
        public Dictionary<byte[], int> Members { get; } = new(TopicKeyComparer.Instance);

        /// <summary>A gap is to be shown, and where it goes on is not known yet.</summary>
        public bool IsResyncing { get; set; }
    }
}
