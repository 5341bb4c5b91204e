namespace Broker.Node.Sequenced;

/// <summary>Answers what is asked about topics from a whole log, as far as that is committed. Not thread-safe.</summary>
/// <param name="log">The owner's.</param>
/// <param name="commit">Its commit number.</param>
/// <param name="now">Milliseconds since the epoch.</param>
/// <param name="maxMembers">Of a topic.</param>
internal readonly ref struct TopicReader(PartitionLog log, long commit, long now, int maxMembers)
{
    /// <summary>Bytes of the entries of one answer, but for a snapshot, which is whole, and the first of them.</summary>
    private const int PageBytes = 64 * 1024;

    /// <summary>What an answer takes beside the members: its topic, and what the request was called.</summary>
    private const int AnswerFrame = 1024;

    /// <summary>What a member takes of a message beside its name and information.</summary>
    private const int MemberFrame = 32;

    /// <summary>What a byte of a name may take in JSON.</summary>
    private const int EscapedByte = 6;

    /// <summary>Messages of a page of what was missed.</summary>
    private const int PageCount = 1000;

    /// <param name="query">What is asked.</param>
    /// <param name="connections">Of the topic's members, when it was asked.</param>
    public TopicAnswer Answer(TopicQuery query, long connections)
    {
        if (query.Kind == TopicQueryKind.Barrier)
        {
            return new TopicAnswer(commit, default);
        }

        if (!log.Topics.TryGetValue(query.Topic, out var topic))
        {
            return new TopicAnswer(commit, default) { Error = TopicAnswerError.Limited };
        }

        if (query.Member.Length > 0 && topic.Members >= maxMembers && !topic.HasMember(query.Member))
        {
            return new TopicAnswer(commit, default) { Error = TopicAnswerError.Limited };
        }

        var answer = new TopicAnswer(commit, new TopicPosition(log.Epoch, topic.Birth, log.OffsetOf(topic, commit)));
        answer = query.Kind switch
        {
            TopicQueryKind.Subscribe when topic.KeepsLatest => Watch(answer, topic, query),
            TopicQueryKind.Subscribe => Subscribe(answer, topic, query),
            TopicQueryKind.Page => Page(answer, topic, query),
            TopicQueryKind.History => History(answer, topic, query),
            _ => answer,
        };
        return query is { Members: 0, Kind: not TopicQueryKind.Presence } ? answer : answer with { Members = MembersOf(topic, query, connections, commit) };
    }

    private TopicAnswer Subscribe(TopicAnswer answer, TopicState topic, TopicQuery query)
    {
        bool? recovered = null;
        if (query.Since is { } since)
        {
            recovered = IsSameLife(since, answer) && since.Offset <= answer.Position.Offset && HasAllBehind(topic, since.Offset, answer.Position.Offset);
            if (recovered == true)
            {
                return Take(answer, topic.After(since.Offset, commit, now), PageCount) with { Recovered = true };
            }
        }

        return query.Limit > 0 ? Last(answer, topic, query.Limit) with { Recovered = recovered } : answer with { Recovered = recovered };
    }

    private TopicAnswer Watch(TopicAnswer answer, TopicState topic, TopicQuery query)
    {
        var knows = query.Since is { } since && IsSameLife(since, answer) && since.Offset >= topic.Forgotten && since.Offset <= answer.Position.Offset;
        var entries = topic.Snapshot(knows ? query.Since!.Value.Offset : 0, withRemovals: knows, commit).ToList();
        return answer with { Recovered = true, IsSnapshot = !knows, Entries = entries };
    }

    private TopicAnswer Page(TopicAnswer answer, TopicState topic, TopicQuery query)
    {
        var since = query.Since!.Value;
        if (!IsSameLife(since, answer))
        {
            return answer with { Error = TopicAnswerError.Stale };
        }

        var through = query.Through;
        return Take(answer, topic.After(since.Offset, commit, long.MinValue).TakeWhile(entry => entry.Offset <= through), PageCount);
    }

    private TopicAnswer History(TopicAnswer answer, TopicState topic, TopicQuery query)
    {
        if (query.Since is { } since && (!IsSameLife(since, answer) || since.Offset > answer.Position.Offset))
        {
            return answer with { Error = TopicAnswerError.Stale };
        }

        if (!topic.KeepsLatest)
        {
            return query.Reverse
                ? Take(answer, topic.Before(query.Since?.Offset ?? long.MaxValue, commit, now), query.Limit)
                : Take(answer, topic.After(query.Since?.Offset ?? 0, commit, now), query.Limit);
        }

        var kept = topic.Snapshot(query.Reverse ? 0 : query.Since?.Offset ?? 0, withRemovals: false, commit);
        return Take(answer, query.Reverse ? kept.Reverse().Where(entry => query.Since is not { } before || entry.Offset < before.Offset) : kept, query.Limit);
    }

    private static TopicMembers MembersOf(TopicState topic, TopicQuery query, long connections, long commit)
    {
        var some = new List<TopicMember>();
        var (last, bytes, more) = (0L, PageBytes - AnswerFrame, false);
        foreach (var entry in topic.MembersAfter(query.MembersAfter, commit))
        {
            bytes -= MemberFrame + (EscapedByte * entry.Forward.Subject.Length) + entry.Forward.Payload.Length;
            if (some.Count == query.Members || (bytes < 0 && some.Count > 0))
            {
                more = true;
                break;
            }

            some.Add(new TopicMember(entry.Forward.Subject, entry.Forward.Payload, entry.Forward.Format));
            last = entry.Sequence;
        }

        return new TopicMembers(Math.Max(connections, topic.Members), topic.Members, some, more ? last : 0);
    }

    private static bool IsSameLife(TopicPosition since, TopicAnswer answer) => (since.Epoch, since.Birth) == (answer.Position.Epoch, answer.Position.Birth);

    private bool HasAllBehind(TopicState topic, long since, long offset) =>
        since == offset || topic.After(since, commit, now).FirstOrDefault()?.Offset == since + 1;

    private TopicAnswer Last(TopicAnswer answer, TopicState topic, int count)
    {
        var last = Take(answer, topic.Before(long.MaxValue, commit, now), count);
        return last with { Entries = [.. last.Entries.Reverse()], More = false };
    }

    private static TopicAnswer Take(TopicAnswer answer, IEnumerable<PartitionEntry> entries, int count)
    {
        var taken = new List<PartitionEntry>();
        var bytes = PageBytes;
        foreach (var entry in entries)
        {
            if (taken.Count == count || bytes <= 0)
            {
                return answer with { Entries = taken, More = true };
            }

            taken.Add(entry);
            bytes -= entry.Forward.Weight;
        }

        return answer with { Entries = taken };
    }
}
