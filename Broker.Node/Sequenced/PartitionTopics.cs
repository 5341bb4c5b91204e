using System.Buffers.Binary;
using Broker.Node.Topics;

namespace Broker.Node.Sequenced;

/// <summary>
/// The part of a partition's owner that is about its topics: answers questions, says who has come and gone, and ends what is over. Not
/// thread-safe.
/// </summary>
/// <param name="context">Where it is.</param>
/// <param name="generation">The owner's.</param>
/// <param name="replica">Of the same lane.</param>
/// <param name="append">Appends an entry of the owner itself.</param>
internal sealed class PartitionTopics(PartitionContext context, Generation generation, PartitionReplica replica, Action<Forward> append)
{
    /// <summary>Questions that wait for a commit; one more is not answered.</summary>
    private const int MaxQuestions = 65536;

    /// <summary>How long a user may be gone before the others are told.</summary>
    public static readonly TimeSpan LeaveGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long lanes have for saying to a new owner who is there.</summary>
    private static readonly TimeSpan RegisterGrace = TimeSpan.FromSeconds(3);

    /// <summary>Topics that end in one tick.</summary>
    private const int MaxEvictions = 64;

    /// <summary>Users that leave at a time, and again when these are committed: a crowd that goes at once must not fill the links.</summary>
    private const int MaxLeaves = 2048;

    private readonly Queue<(LaneId From, Asked Asked, long Through, long Connections)> _questions = new();
    private readonly Dictionary<byte[], TopicPresence> _presence = new(TopicKeyComparer.Instance);
    private bool _isNew;
    private bool _areLeavesLeft;

    private PartitionLog Log => replica.Log;

    private TimeSpan Now => replica.Now;

    /// <summary>The log is the partition's from here on.</summary>
    public void Serve() => _isNew = true;

    public void OnAsked(LaneId from, Asked asked)
    {
        if (_questions.Count >= MaxQuestions)
        {
            return;
        }

        if (asked.Query.Kind != TopicQueryKind.Barrier && !Log.Topics.ContainsKey(asked.Query.Topic) && !context.Settings.Budget.AreTopicsFull)
        {
            append(new Forward(default, 0, asked.Query.Topic) { Kind = ForwardKind.Begin, Time = context.Clock() });
        }

        // As many as were said before it: of those who come at once each sees another number.
        _questions.Enqueue((from, asked, Log.End, _presence.GetValueOrDefault(asked.Query.Topic)?.Connections ?? 0));
    }

    /// <summary>What has to be committed before the next question is answered; the largest number: none waits.</summary>
    public long NextQuestion => _questions.TryPeek(out var question) ? question.Through : long.MaxValue;

    /// <summary>Those whose turn it is. After the commit number was told.</summary>
    public void AnswerQuestions()
    {
        while (_questions.TryPeek(out var question) && question.Through <= replica.Commit)
        {
            _questions.Dequeue();
            var query = question.Asked.Query;
            var answer = new TopicReader(Log, replica.Commit, context.Clock(), context.Settings.MaxMembers).Answer(query, question.Connections);
            context.Output.Send(question.From, new Told(generation, question.Asked.Id, answer) { IsPage = query.Kind == TopicQueryKind.Page });
        }
    }

    public void OnMember(LaneId from, MemberTold told)
    {
        var user = told.Member.User;
        if (!_presence.TryGetValue(told.Topic, out var presence))
        {
            presence = new TopicPresence();
            _presence.Add(told.Topic, presence);
        }

        var isThere = presence.Set(user, from, told.Connections, Now + LeaveGrace);
        var topic = Log.Topics.GetValueOrDefault(told.Topic);
        if (isThere && !TopicName.IsReserved(told.Topic) && topic?.HasMember(user) != true && !(topic?.Members >= context.Settings.MaxMembers))
        {
            Tell(ForwardKind.Join, told.Topic, told.Member);
        }
    }

    /// <summary>A lane is about to say anew who is there: what it said before may be over, and that it is may have got lost.</summary>
    public void OnMembersAnew(LaneId lane)
    {
        foreach (var presence in _presence.Values)
        {
            presence.Remove(lane, Now + LeaveGrace);
        }
    }

    public void OnRemoved(LaneId lane)
    {
        foreach (var presence in _presence.Values)
        {
            // The connections went with the node, well before the node was given up: who has not come elsewhere is gone.
            presence.Remove(lane, Now);
        }
    }

    /// <summary>Now and then, such as every second.</summary>
    public void Tick()
    {
        if (_isNew)
        {
            _isNew = false;
            ExpectMembers();
        }

        TellLeaves();
        TellCounts();
        Expire();
        for (var i = 0; i < MaxEvictions && context.Settings.Budget.IsOver && Log.TryFindIdle(replica.Commit, out var idle); i++)
        {
            append(new Forward(default, 0, idle.Name) { Kind = ForwardKind.Evict });
        }
    }

    /// <summary>The commit number may have moved.</summary>
    public void OnCommitted()
    {
        if (_areLeavesLeft && replica.Commit == Log.End)
        {
            TellLeaves();
        }
    }

    private void ExpectMembers()
    {
        foreach (var topic in Log.Topics.Values.Where(static topic => topic.Members > 0))
        {
            if (!_presence.TryGetValue(topic.Name, out var presence))
            {
                presence = new TopicPresence();
                _presence.Add(topic.Name, presence);
            }

            foreach (var user in topic.MemberNames.Where(user => !presence.Has(user)))
            {
                presence.Expect(user, Now + RegisterGrace);
            }
        }
    }

    private void TellLeaves()
    {
        var left = MaxLeaves;
        foreach (var (topic, presence) in _presence.ToList())
        {
            var due = presence.Due(Now, left);
            left -= due.Count;
            foreach (var user in due.Where(user => Log.Topics.GetValueOrDefault(topic)?.HasMember(user) == true))
            {
                Tell(ForwardKind.Leave, topic, new TopicMember(user, default, default));
            }
        }

        _areLeavesLeft = left == 0;
    }

    private void TellCounts()
    {
        foreach (var (topic, presence) in _presence.ToList())
        {
            TellCount(topic, presence);
        }
    }

    private void TellCount(byte[] topic, TopicPresence presence)
    {
        if (presence.HasChanged && Log.Topics.TryGetValue(topic, out var counted) && (presence.IsQuiet || counted.Members > context.Settings.MemberList))
        {
            (presence.HasChanged, presence.IsQuiet) = (false, false);
            var counts = new byte[16];
            BinaryPrimitives.WriteInt64LittleEndian(counts, presence.Connections);
            BinaryPrimitives.WriteInt64LittleEndian(counts.AsSpan(8), counted.Members);
            append(new Forward(default, 0, topic) { Kind = ForwardKind.Count, Payload = counts });
        }

        if (context.Settings.SharesRates && TopicName.IsOfUser(topic, out _) && presence.Lanes is > 0 and var lanes && lanes != presence.ToldLanes)
        {
            presence.ToldLanes = lanes;
            append(new Forward(default, 0, topic) { Kind = ForwardKind.Order, Payload = new UserOrder(UserOrderKind.Share, [(byte)Math.Min(lanes, byte.MaxValue)]).ToBytes() });
        }

        if (presence.IsEmpty)
        {
            _presence.Remove(topic);
        }
    }

    private void Tell(ForwardKind kind, byte[] topic, TopicMember member)
    {
        var isQuiet = Log.Topics.TryGetValue(topic, out var state) && state.Members >= context.Settings.MemberList;
        _presence[topic].IsQuiet |= isQuiet;
        append(new Forward(default, 0, topic)
        {
            Kind = kind,
            Subject = member.User,
            Payload = member.Info,
            Format = member.Format,
            Time = context.Clock(),
            IsQuiet = isQuiet,
        });
    }

    private void Expire()
    {
        var now = context.Clock();
        foreach (var entry in Log.Topics.Values.Where(static topic => topic is { KeepsLatest: true, Kept: > 0 }).SelectMany(topic => topic.Expired(now)).ToList())
        {
            append(new Forward(default, 0, entry.Forward.Topic) { Kind = ForwardKind.Expire, Subject = entry.Forward.Subject, Time = now });
        }
    }
}
