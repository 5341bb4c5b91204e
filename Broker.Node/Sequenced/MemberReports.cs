namespace Broker.Node.Sequenced;

/// <summary>
/// Says to the owner of a partition who is subscribed on one lane: each change at once; everybody, to a new owner or after something was
/// lost, in pages of which one is under way at a time, so that a crowd leaves room for what is published. Not thread-safe.
/// </summary>
/// <param name="output">Sends what is said.</param>
internal sealed class MemberReports(IPartitionOutput output)
{
    private const int PageCount = 256;
    private const int PageBytes = 32 * 1024;

    /// <summary>Changes that the link did not take, each of which is said again; with more of them everybody is.</summary>
    private const int MaxUnsaid = 4096;

    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(1);

    private readonly LocalMembers _members = new();
    private readonly Queue<(byte[] Topic, byte[] User)> _rest = new();
    private readonly List<(byte[] Topic, byte[] User)> _page = [];
    private long _number;
    private TimeSpan _saidAt;

    public bool IsEmpty => _members.IsEmpty;

    /// <summary>Everybody is to be said, once the owner has answered a registration that announces it.</summary>
    public bool AreAnew { get; private set; }

    /// <summary>There may be another owner, who knows nobody.</summary>
    public void Forget()
    {
        AreAnew = !_members.IsEmpty;
        _rest.Clear();
        _page.Clear();
    }

    /// <summary>What was said may have got lost.</summary>
    public void Restate() => AreAnew = true;

    /// <summary>So many connections of a user are subscribed to a topic here now.</summary>
    /// <param name="owner">Null: none has answered a registration yet.</param>
    /// <param name="topic">UTF-8.</param>
    /// <param name="member">Who.</param>
    /// <param name="connections">0: none any more.</param>
    public void Set(Generation? owner, byte[] topic, TopicMember member, int connections)
    {
        _members.Set(topic, member, connections);
        if (owner is not { } generation)
        {
            AreAnew = true;
        }
        else if (!output.Send(generation.Owner, new MemberTold(generation, topic, member, connections)))
        {
            AreAnew |= _rest.Count >= MaxUnsaid;
            _rest.Enqueue((topic, member.User));
        }
    }

    /// <summary>The owner has answered the newest registration.</summary>
    public void OnRegistered(Generation owner, TimeSpan now)
    {
        if (AreAnew)
        {
            Forget();
            AreAnew = false;
            foreach (var (topic, member, _) in _members.All)
            {
                _rest.Enqueue((topic, member.User));
            }

            Turn(owner, now);
        }
    }

    /// <summary>The owner has a page.</summary>
    public void OnTaken(MembersTaken taken, TimeSpan now)
    {
        if (taken.Number == _number)
        {
            _page.Clear();
            Turn(taken.Generation, now);
        }
    }

    /// <summary>Now and then.</summary>
    public void Tick(Generation owner, TimeSpan now)
    {
        if (_page.Count == 0)
        {
            Turn(owner, now);
        }
        else if (now - _saidAt >= SayAgain)
        {
            Say(owner, now);
        }
    }

    private void Turn(Generation owner, TimeSpan now)
    {
        for (var bytes = 0; _page.Count < PageCount && bytes < PageBytes && _rest.TryDequeue(out var next);)
        {
            _page.Add(next);
            bytes += next.Topic.Length + next.User.Length + _members.Find(next.Topic, next.User).Member.Info.Length;
        }

        if (_page.Count > 0)
        {
            _number++;
            Say(owner, now);
        }
    }

    /// <summary>As it is now: what has changed since the page was made was said, and would be said again otherwise.</summary>
    private void Say(Generation owner, TimeSpan now)
    {
        _saidAt = now;
        output.Send(owner.Owner, new MembersTold(owner, _number, [.. _page.Select(one => Told(owner, one.Topic, one.User))]));
    }

    private MemberTold Told(Generation owner, byte[] topic, byte[] user)
    {
        var (member, connections) = _members.Find(topic, user);
        return new MemberTold(owner, topic, member, connections);
    }
}
