namespace Broker.Node.Sequenced;

/// <summary>
/// What one lane has of a partition: the log as far as it came here, the commit number, publishes on their way to the owner, and whether
/// subscribers here want what comes. Also the log of the copy, and of the owner. Not thread-safe; no I/O, no clock.
/// </summary>
/// <remarks>
/// <see cref="Highest"/> is a promise: nothing of a lower generation is taken any more. A holder of a copy set keeps what it holds until
/// it has confirmed a newer set, as copy or as one that the set drops: a take-over finds what was committed with the holders of the newest
/// set. So where the log of a new owner lacks something of it, it is kept aside, and stands there again if that owner is replaced.
/// </remarks>
/// <param name="context">Where it is.</param>
/// <param name="now">On the clock of <see cref="Tick"/>.</param>
internal sealed class PartitionReplica(PartitionContext context, TimeSpan now)
{
    /// <summary>Entries and bytes of one <see cref="Pulled"/>.</summary>
    private const int PullSize = 512;
    private const int PullBytes = 128 * 1024;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly IPartitionOutput _output = context.Output;
    private readonly PartitionRequests _requests = new(context.Self, context.Output);
    private readonly MemberReports _members = new(context.Output);
    private TimeSpan _nextSweep;
    private TimeSpan _heard = TimeSpan.MinValue / 2;
    private bool _isPulling;
    private (PartitionLog Log, long Commit)? _kept;
    private Stated? _owner;
    private long _ownerCommit;
    private SetTold? _told;
    private bool _isCopy;
    private long _registration;
    private long _knownRegistration;
    private ulong _followed;

    public LaneId Self => context.Self;

    /// <summary>As of the last <see cref="Tick"/>.</summary>
    public TimeSpan Now { get; private set; } = now;

    private PartitionView View => field ??= new PartitionView(_output, new ReplyOrder(_requests.Queue, _output, _requests.AskAnew));

    /// <summary>As it follows the owner's, or is it.</summary>
    public PartitionLog Log { get; private set; } = context.NewLog();

    public long Commit { get; private set; }

    /// <summary>The highest generation it has heard of.</summary>
    public Generation Highest { get; private set; }

    /// <summary>The newest copy set it has confirmed or heard of.</summary>
    public CopySet? Set { get; private set; }

    /// <summary>It has all that <see cref="Set"/> promises.</summary>
    public bool IsHolder { get; private set; }

    /// <summary>Subscribers have come, or the last one has gone.</summary>
    public void SetInterest(bool isInterested)
    {
        if (View.TryWant(isInterested))
        {
            SendRegister();
        }
    }

    /// <summary>Asked and not answered yet.</summary>
    public int Pending => _requests.Queue.Count;

    /// <summary>Something here needs an owner.</summary>
    public bool NeedsOwner => View.IsWanted || IsHolder || Pending > 0 || !_members.IsEmpty;

    /// <summary>The owner that has spoken; null: none of the highest generation has.</summary>
    public LaneId? OwnerLane => _owner?.Generation.Owner;

    /// <summary>How long no owner has spoken.</summary>
    public TimeSpan Silence(TimeSpan time) => time - _heard;

    /// <summary>A publish from here. Its end is told to the output.</summary>
    /// <param name="content">Of no origin and number yet.</param>
    /// <param name="deadline">On the clock of <see cref="Tick"/>; none is before an earlier one.</param>
    /// <returns>By what it is told.</returns>
    public long Publish(Forward content, TimeSpan deadline) => _requests.Publish(content, deadline);

    /// <summary>A question from here. The answer is told to the output.</summary>
    /// <inheritdoc cref="Publish"/>
    public long Ask(TopicQuery query, TimeSpan deadline) => _requests.Ask(query, deadline);

    /// <summary>So many connections of a user are subscribed to a topic here now.</summary>
    public void SetMember(byte[] topic, TopicMember member, int connections) =>
        _members.Set(_requests.Owner, topic, member, connections);

    /// <summary>The link to the owner did not take everything.</summary>
    public bool IsHeld => _requests.IsHeld;

    /// <summary>The link may have room again.</summary>
    public void SendHeld() => _requests.SendHeld();

    /// <summary>Now and then: what was lost on the way is said again.</summary>
    /// <param name="time">On a clock that only goes on.</param>
    public void Tick(TimeSpan time)
    {
        Now = time;
        _isPulling = false;
        _requests.Tick(time);
        if (time >= _nextSweep)
        {
            _nextSweep = time + SweepInterval;
            Log.Sweep(Commit, context.Clock());
        }

        if (_owner is { } owner)
        {
            if (_requests.Owner is null || Pending > 0 || !View.IsKnown || _members.AreAnew)
            {
                SendRegister();
            }

            if (_requests.Owner is { } registered)
            {
                _members.Tick(registered, time);
            }

            PullRest(owner.Generation);
        }
    }

    /// <summary>Something between here and the owner was lost: all that holds here is said again.</summary>
    public void Restate()
    {
        _members.Restate();
        SendRegister();
    }

    public void Receive(LaneId from, PartitionMessage message)
    {
        if (message.Generation < Highest)
        {
            if (message is not (Refused or Pulled or Answered or Committed or Told or MembersTaken))
            {
                _output.Send(from, new Refused(message.Generation, Highest));
            }

            return;
        }

        Rise(message.Generation);
        switch (message)
        {
            case TakeOver take: _output.Send(from, HeadOf(take.Generation)); break;
            case Stated stated: OnStated(stated); break;
            case Appended appended: OnAppended(appended); break;
            case Committed committed: OnCommit(committed.Commit); break;
            case Pull pull: OnPull(from, pull); break;
            case Pulled pulled when from != Self && from == _owner?.Generation.Owner: OnPulled(pulled); break;
            case SetTold told: OnSetTold(told); break;
            case Answered answered: View.OnAnswered(answered); break;
            case Told told: OnTold(told); break;
            case MembersTaken taken: _members.OnTaken(taken, Now); break;
            default: break;
        }
    }

    public Head HeadOf(Generation generation)
    {
        var (log, commit) = _kept ?? (Log, Commit);
        return new Head(generation, Set, IsHolder, log.Epoch, log.Start, log.Sections, commit);
    }

    /// <summary>Promises to take nothing of a lower generation.</summary>
    public void Rise(Generation generation)
    {
        if (generation > Highest)
        {
            Highest = generation;
            (Log, Commit) = _kept ?? (Log, Commit);
            _kept = null;
            (_owner, _ownerCommit, _told, _isCopy, _isPulling) = (null, 0, null, false, false);
            _requests.Forget();
            _members.Forget();
            View.Forget();
        }
    }

    /// <summary>As the new owner, before it pulls: its log is a part of the one it pulls.</summary>
    /// <param name="epoch">Of that one.</param>
    /// <param name="common">Up to where both are the same; -1: they are not.</param>
    public void PrepareToLead(ulong epoch, long common)
    {
        if (common >= 0)
        {
            Drop(common);
        }
        else
        {
            Begin(epoch, 0);
        }
    }

    /// <summary>From here on it holds what a new set promises.</summary>
    public void Hold(CopySet set) => (Set, IsHolder, _kept) = (set, true, null);

    /// <summary>As the owner: its commit number has moved. It is shown when the owner says so, as everywhere: in the order of what it says.</summary>
    public void OnOwnCommit(long commit) => Commit = commit;

    /// <summary>Begins a log that has none of what was before.</summary>
    public void Begin(ulong epoch, long start)
    {
        Keep();
        Log = context.NewLog();
        Log.Reset(epoch, start);
        Commit = start;
    }

    private void Drop(long end)
    {
        if (Log.End > end)
        {
            Keep();
            Log.Truncate(end);
        }
    }

    private void Keep()
    {
        if (IsHolder && _kept is null)
        {
            _kept = (Log, Commit);
            Log = Log.Clone();
        }
    }

    private void Release(CopySet newer) => (Set, IsHolder, _kept) = (newer, false, null);

    /// <summary>The owner's statement: follows its log if it may, and registers with it.</summary>
    private void OnStated(Stated stated)
    {
        if (stated.Set is { } counted && counted.IsNewerThan(Set) && !counted.Has(Self))
        {
            Release(counted);
        }

        var isNew = _owner is null;
        if (isNew)
        {
            View.DropAligned();
        }

        if (stated.Generation.Owner != Self && (isNew || stated.IsCopy != _isCopy))
        {
            Follow(stated, isNew);
        }

        (_owner, _heard) = (stated, Now);
        if (isNew)
        {
            if (_followed != stated.Epoch)
            {
                _requests.ForgetSent();
                _followed = stated.Epoch;
            }

            SendRegister();
        }

        if (_isCopy && stated.Commit < Log.End)
        {
            // Nothing else would say it again.
            SendCopied(stated.Generation);
        }

        OnCommit(stated.Commit);
        if (stated.Registration > _knownRegistration)
        {
            OnRegistered(stated);
        }

        ConfirmTold();
        PullRest(stated.Generation);
    }

    /// <summary>Makes the own log a part of the owner's.</summary>
    private void Follow(Stated stated, bool isNew)
    {
        var isSame = Log.Epoch == stated.Epoch && (!stated.IsCopy || Log.Start == 0);
        if (isSame)
        {
            Drop(isNew ? Math.Max(Commit, stated.Keep) : long.MaxValue);
        }
        else
        {
            Begin(stated.Epoch, stated.IsCopy ? 0 : stated.Commit);
        }

        _isCopy = stated.IsCopy;
        if (_isCopy)
        {
            _output.Send(stated.Generation.Owner, new Copied(stated.Generation, Log.End));
        }
    }

    private void OnRegistered(Stated stated)
    {
        _knownRegistration = stated.Registration;
        if (stated.Registration == _registration && View.TryKnow())
        {
            StartVisible(stated);
        }

        if (stated.Registration == _registration)
        {
            _members.OnRegistered(stated.Generation, Now);
        }

        // Who asks is a member by then.
        _requests.OnRegistered(stated.Generation, stated.Taken);
    }

    /// <summary>New subscribers see what is committed behind the owner's position; those who were here go on, or are told that they cannot.</summary>
    private void StartVisible(Stated stated)
    {
        var isAnew = View.TryStart(stated.Epoch, stated.Commit, Log.Start);
        if (isAnew && !IsHolder && !_isCopy && Log.End < stated.Commit && stated.Generation.Owner != Self)
        {
            Begin(stated.Epoch, stated.Commit);
        }

        Show();
    }

    private void OnAppended(Appended appended)
    {
        if (_owner is null)
        {
            return;
        }

        if (appended.Entry.Sequence == Log.End + 1)
        {
            Log.Append(appended.Entry);
            SendCopied(appended.Generation);
        }
        else if (appended.Entry.Sequence > Log.End)
        {
            SendPull(appended.Generation);
        }

        OnCommit(appended.Commit);
    }

    /// <summary>By the owner's replicas, of its log; by a new owner, of what is held here.</summary>
    private void OnPull(LaneId from, Pull pull)
    {
        var log = pull.Generation.Owner == Self ? Log : _kept?.Log ?? Log;
        _output.Send(from, new Pulled(pull.Generation, pull.After, log.After(pull.After, PullSize, PullBytes), log.End, log.Floor));
    }

    private void OnPulled(Pulled pulled)
    {
        _isPulling = false;
        if (pulled.Entries.Count == 0 || pulled.After > Log.End)
        {
            return;
        }

        if (!Log.TryFollow(pulled.Floor))
        {
            Begin(Log.Epoch, 0);
            SendPull(pulled.Generation);
            return;
        }

        foreach (var entry in pulled.Entries.Where(entry => entry.Sequence > Log.End))
        {
            Log.Append(entry);
        }

        SendCopied(pulled.Generation);
        OnCommit(_ownerCommit);
        if (pulled.End > Log.End)
        {
            PullRest(pulled.Generation);
        }
    }

    private void SendCopied(Generation generation)
    {
        if (_isCopy)
        {
            _output.Send(generation.Owner, new Copied(generation, Log.End));
            ConfirmTold();
        }
    }

    private void OnCommit(long commit)
    {
        if (_owner is null)
        {
            return;
        }

        _ownerCommit = Math.Max(_ownerCommit, commit);
        Commit = Math.Max(Commit, Math.Min(_ownerCommit, Log.End));
        Show();
    }

    private void Show() => View.Show(Log, Commit, _ownerCommit);

    private void OnSetTold(SetTold told)
    {
        if (told.Set.Copy == Self)
        {
            _told = told;
            ConfirmTold();
            return;
        }

        if (told.Set.IsNewerThan(Set))
        {
            Release(told.Set);
        }

        _output.Send(told.Generation.Owner, new SetConfirmed(told.Generation, told.Set.Number));
    }

    /// <summary>As the copy of a new set: once everything is here that the set promises.</summary>
    private void ConfirmTold()
    {
        if (_told is { } told && _isCopy && Log.Start == 0 && Log.End >= told.Through)
        {
            _told = null;
            Hold(told.Set);
            _output.Send(told.Generation.Owner, new SetConfirmed(told.Generation, told.Set.Number));
        }
    }

    private void OnTold(Told told)
    {
        if (_requests.Queue.Question(told.Id) is { IsAnswerHere: false } pending)
        {
            View.OnTold(pending, told.Answer);
        }
    }

    private void SendRegister()
    {
        if (_owner is { } owner)
        {
            _output.Send(owner.Generation.Owner, new Register(owner.Generation, ++_registration, View.IsWanted, _requests.Queue.First, _members.AreAnew));
        }
    }

    /// <summary>Only a copy and who has subscribers need entries.</summary>
    private void PullRest(Generation generation)
    {
        if (_owner is { } owner && generation.Owner != Self && (_isCopy || View.IsWanted) && Log.End < Math.Max(owner.End, _ownerCommit))
        {
            SendPull(generation);
        }
    }

    /// <summary>One at a time: what comes in the meantime shows what is still missing.</summary>
    private void SendPull(Generation generation)
    {
        if (!_isPulling)
        {
            _isPulling = true;
            _output.Send(generation.Owner, new Pull(generation, Log.End));
        }
    }
}
