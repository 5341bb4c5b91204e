namespace Broker.Node.Sequenced;

/// <summary>
/// The owner's part of a partition: takes over what is there, puts publishes in order, and says when an entry is committed. Its log is
/// that of the replica of the same lane. Not thread-safe; no I/O, no clock.
/// </summary>
/// <remarks>
/// States: asking (every serving member's lane for its <see cref="Head"/>), pulling (the longest log of a holder of the newest set),
/// serving (where <see cref="PartitionCopies"/> says what is committed), superseded (a higher generation is known).
/// </remarks>
internal sealed class Partition
{
    private readonly PartitionContext _context;
    private readonly PartitionReplica _replica;
    private readonly PartitionMembers _members;
    private readonly IPartitionOutput _output;
    private readonly PartitionTopics _topics;
    private readonly PartitionCopies _copies;
    private readonly bool _isRenewed;
    private readonly Dictionary<LaneId, Head> _heads = [];
    private readonly Dictionary<LaneId, long> _starts = [];
    private readonly HashSet<LaneId> _interested = [];
    private PartitionPhase _phase = PartitionPhase.Asking;
    private (LaneId Lane, long End) _source;
    private IReadOnlyList<LogSection> _begun = [];

    /// <param name="context">Where it is.</param>
    /// <param name="replica">Of the same lane.</param>
    /// <param name="members">The others; changed by the caller, who says so afterwards.</param>
    /// <param name="isRenewed">Another one may go on with what was there: the epoch is a new one, whatever is found.</param>
    public Partition(PartitionContext context, PartitionReplica replica, PartitionMembers members, bool isRenewed = false)
    {
        (_context, _replica, _members, _output, _isRenewed) = (context, replica, members, context.Output, isRenewed);
        Generation = new Generation(replica.Highest.Number + 1, replica.Self);
        replica.Rise(Generation);
        _topics = new PartitionTopics(context, Generation, replica, forward => Append(forward));
        _copies = new PartitionCopies(context, Generation, replica, members, lane => _output.Send(lane, StatedTo(lane)), OnSettled);
        Ask();
    }

    public Generation Generation { get; }

    public bool IsServing => _phase == PartitionPhase.Serving && !IsSuperseded;

    /// <summary>A higher generation is known: this one ends.</summary>
    public bool IsSuperseded => _replica.Highest != Generation;

    /// <summary>The set that counts; null while none of this generation does.</summary>
    public CopySet? CountedSet => _copies.Counted;

    private PartitionLog Log => _replica.Log;

    private LaneId Self => _replica.Self;

    public void Receive(LaneId from, PartitionMessage message)
    {
        if (message is Refused refused)
        {
            _replica.Rise(refused.Highest);
            return;
        }

        if (IsSuperseded || message.Generation != Generation)
        {
            return;
        }

        switch (message)
        {
            case Head head when _phase == PartitionPhase.Asking: OnHead(from, head); break;
            case Pulled pulled when _phase == PartitionPhase.Pulling: OnPulled(from, pulled); break;
            case Register register when IsServing: OnRegister(from, register); break;
            case Forwarded forwarded when IsServing: OnForwarded(from, forwarded.Forward); break;
            case Copied copied when IsServing:
                _copies.OnCopied(from, copied.End);
                Commit();
                _topics.OnCommitted();
                break;
            case SetConfirmed confirmed when IsServing: _copies.OnConfirmed(from, confirmed.Number); break;
            case Asked asked when IsServing:
                _topics.OnAsked(from, asked);
                Commit();
                break;
            case MemberTold told when IsServing:
                _topics.OnMember(from, told);
                Commit();
                break;
            case MembersTold told when IsServing:
                foreach (var member in told.Members)
                {
                    _topics.OnMember(from, member);
                }

                Commit();
                _output.Send(from, new MembersTaken(Generation, told.Number));
                break;
            default: break;
        }
    }

    /// <summary>Now and then, and when a member has come or is about to leave: what was lost on the way is said again.</summary>
    /// <param name="isDue">What the time brings is looked at as well.</param>
    public void Tick(bool isDue = false)
    {
        if (IsSuperseded)
        {
            return;
        }

        switch (_phase)
        {
            case PartitionPhase.Asking:
                Ask();
                break;
            case PartitionPhase.Pulling:
                PullSource();
                break;
            default:
                State();
                _copies.TellSet();
                _copies.Advance();
                if (isDue)
                {
                    _topics.Tick();
                    Commit();
                }

                break;
        }
    }

    /// <summary>The node owns the partition no more: the others are told, so that one of them takes over soon.</summary>
    public void Release()
    {
        if (!IsSuperseded)
        {
            foreach (var lane in _members.Others)
            {
                _output.Send(lane, new Released(Generation));
            }
        }
    }

    public void OnRemoved(LaneId lane)
    {
        _heads.Remove(lane);
        _copies.OnRemoved(lane);
        _interested.Remove(lane);
        _starts.Remove(lane);
        _topics.OnRemoved(lane);
        if (_phase == PartitionPhase.Pulling && _source.Lane == lane)
        {
            // What it had, others may have as well: they are looked at again.
            _phase = PartitionPhase.Asking;
            _heads[Self] = _replica.HeadOf(Generation);
        }

        Tick();
    }

    private void Ask()
    {
        _heads[Self] = _replica.HeadOf(Generation);
        foreach (var lane in _members.Others.Where(lane => !_heads.ContainsKey(lane)))
        {
            _output.Send(lane, new TakeOver(Generation));
        }

        Decide();
    }

    private void OnHead(LaneId from, Head head)
    {
        _heads[from] = head;
        Decide();
    }

    /// <summary>Once everybody has answered, or was removed: nobody takes anything of a lower generation any more.</summary>
    private void Decide()
    {
        if (_members.Others.Any(lane => !_heads.ContainsKey(lane)))
        {
            return;
        }

        var newest = _heads.Values.Aggregate((CopySet?)null, static (newest, head) => head.Set?.IsNewerThan(newest) == true ? head.Set : newest);
        var holders = _heads.Where(head => newest is not null && head.Value.IsHolder && head.Value.Set == newest).ToList();
        if (holders.Count == 0)
        {
            _replica.Begin(_context.NewEpoch(), 0);
            Serve();
            return;
        }

        var (lane, source) = holders.OrderByDescending(static head => head.Value.Last.Generation).ThenByDescending(static head => head.Value.Last.End).ThenByDescending(head => head.Key == Self).First();
        if (lane == Self)
        {
            Serve();
            return;
        }

        _replica.PrepareToLead(source.Epoch, _heads[Self].CommonWith(source.Epoch, source.Sections));
        (_phase, _source) = (PartitionPhase.Pulling, (lane, source.Last.End));
        if (Log.End >= source.Last.End)
        {
            Serve();
            return;
        }

        PullSource();
    }

    private void PullSource() => _output.Send(_source.Lane, new Pull(Generation, Log.End));

    private void OnPulled(LaneId from, Pulled pulled)
    {
        if (from != _source.Lane || pulled.After > Log.End)
        {
            return;
        }

        if (!Log.TryFollow(pulled.Floor))
        {
            _replica.PrepareToLead(Log.Epoch, -1);
            PullSource();
            return;
        }

        foreach (var entry in pulled.Entries.Where(entry => entry.Sequence > Log.End && entry.Sequence <= _source.End))
        {
            Log.Append(entry);
        }

        if (Log.End >= _source.End)
        {
            Serve();
        }
        else
        {
            PullSource();
        }
    }

    private void Serve()
    {
        _phase = PartitionPhase.Serving;
        if (_isRenewed)
        {
            Log.Renew(_context.NewEpoch());
        }

        _begun = Log.Sections;
        _copies.Begin(_heads.Where(head => head.Value.IsHolder && head.Key != Self).Select(static head => head.Key));
        var known = _heads.Values.Where(head => head.Epoch == Log.Epoch).Max(static head => (long?)head.Commit) ?? 0;
        _replica.OnOwnCommit(Math.Max(_replica.Commit, Math.Min(known, Log.End)));
        _topics.Serve();
        State();
        _copies.Advance();
    }

    /// <summary>States what holds, to all.</summary>
    private void State()
    {
        foreach (var lane in _members.Others.Append(Self).ToList())
        {
            _output.Send(lane, StatedTo(lane));
        }
    }

    private Stated StatedTo(LaneId lane) =>
        new(Generation, Log.Epoch, Log.End, _replica.Commit, Keep(lane), _copies.Has(lane), CountedSet);

    /// <summary>Up to where the log of a lane is a part of the one that was taken over.</summary>
    private long Keep(LaneId lane) => _heads.TryGetValue(lane, out var head) ? head.CommonWith(Log.Epoch, _begun) : -1;

    private void OnRegister(LaneId from, Register register)
    {
        _starts.TryAdd(from, register.First - 1);
        if (register.AreMembersAnew)
        {
            _topics.OnMembersAnew(from);
        }

        if (register.IsInterested)
        {
            _interested.Add(from);
        }
        else
        {
            _interested.Remove(from);
        }

        _output.Send(from, StatedTo(from) with { Registration = register.Number, Taken = Taken(from) });
        if (Taken(from) >= register.First)
        {
            foreach (var entry in Log.Of(from, register.First).TakeWhile(entry => entry.Sequence <= _replica.Commit))
            {
                Answer(entry);
            }
        }
    }

    /// <summary>In sequence, and each once.</summary>
    private void OnForwarded(LaneId from, Forward forward)
    {
        if (!_starts.ContainsKey(from) || forward.Origin != from || forward.Number != Taken(from) + 1)
        {
            return;
        }

        Append(forward);
        Commit();
    }

    private void Append(Forward forward)
    {
        var entry = Log.Append(Generation, forward, _context.Clock());
        foreach (var lane in Followers())
        {
            _output.Send(lane, new Appended(Generation, entry, _replica.Commit));
        }
    }

    /// <summary>In a renewed epoch a lane begins behind what it had sent and given up, which the log may never have got.</summary>
    private long Taken(LaneId lane) => Math.Max(Log.Taken(lane) ?? 0, _starts[lane]);

    private IEnumerable<LaneId> Followers()
    {
        foreach (var lane in _interested.Where(lane => lane != Self))
        {
            yield return lane;
        }

        foreach (var lane in _copies.Lanes.Where(lane => !_interested.Contains(lane)))
        {
            yield return lane;
        }
    }

    private void Commit()
    {
        if (_copies.Commit is not { } commit)
        {
            return;
        }

        _topics.AnswerQuestions();
        while (_replica.Commit < commit)
        {
            // A question is answered before what was published after it is.
            Commit(Math.Min(commit, _topics.NextQuestion));
            _topics.AnswerQuestions();
        }
    }

    private void Commit(long commit)
    {
        // The publisher's answer goes before the entry becomes visible to it.
        for (var sequence = _replica.Commit + 1; sequence <= commit; sequence++)
        {
            if (Log.Find(sequence) is { } entry)
            {
                Answer(entry);
            }
        }

        _replica.OnOwnCommit(commit);
        var committed = new Committed(Generation, commit);
        _output.Send(Self, committed);
        foreach (var lane in Followers())
        {
            _output.Send(lane, committed);
        }
    }

    private void Answer(PartitionEntry entry)
    {
        if (_starts.ContainsKey(entry.Forward.Origin))
        {
            var position = new TopicPosition(Log.Epoch, entry.Birth, entry.Offset);
            _output.Send(entry.Forward.Origin, new Answered(Generation, entry.Forward.Number, entry.Outcome, position, _copies.CountOf(entry.Sequence)));
        }
    }

    private void OnSettled()
    {
        State();
        Commit();
    }
}

/// <summary>Where a <see cref="Partition"/> is.</summary>
internal enum PartitionPhase
{
    Asking,
    Pulling,
    Serving,
}
