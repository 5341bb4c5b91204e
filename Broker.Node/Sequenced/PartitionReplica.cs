using Broker.Protocol.Wire;

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
internal sealed class PartitionReplica(LaneId self, IPartitionOutput output)
{
    /// <summary>Entries of one <see cref="Pulled"/>.</summary>
    private const int PullSize = 64;

    private readonly ForwardQueue _forwards = new(self);
    private (PartitionLog Log, long Commit)? _held;
    private Stated? _owner;
    private long _ownerCommit;
    private SetTold? _told;
    private bool _isCopy;
    private long _registration;
    private long _registered;
    private long _knownRegistration;
    private bool _isInterested;
    private bool _isInterestKnown;
    private ulong _followed;
    private long _visible;
    private ulong _visibleEpoch;

    public LaneId Self => self;

    /// <summary>As it follows the owner's, or is it.</summary>
    public PartitionLog Log { get; private set; } = new();

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
        if (_isInterested != isInterested)
        {
            (_isInterested, _isInterestKnown, _visibleEpoch) = (isInterested, false, 0);
            SendRegister();
        }
    }

    /// <summary>A publish from here. Its end is told to the output.</summary>
    /// <returns>By what it is told.</returns>
    public long Publish(string topic, ReadOnlyMemory<byte> payload, WireFormat format, long time, TimeSpan deadline)
    {
        var (token, forward) = _forwards.Add(topic, payload, format, time, deadline);
        if (_owner is { } owner && _registered > 0)
        {
            Send(owner.Generation, forward);
        }

        return token;
    }

    /// <summary>Now and then: what was lost on the way is said again.</summary>
    public void Tick(TimeSpan now)
    {
        _forwards.GiveUp(now, (token, end) => output.Answer(token, end, 0, 0));
        if (_owner is { } owner)
        {
            if (_registered == 0 || _forwards.Count > 0 || !_isInterestKnown)
            {
                SendRegister();
            }

            PullRest(owner.Generation);
        }
    }

    public void Receive(LaneId from, PartitionMessage message)
    {
        if (message.Generation < Highest)
        {
            if (message is not (Refused or Pulled or Answered or Committed))
            {
                output.Send(from, new Refused(message.Generation, Highest));
            }

            return;
        }

        Rise(message.Generation);
        switch (message)
        {
            case TakeOver take: output.Send(from, HeadOf(take.Generation)); break;
            case Stated stated: OnStated(stated); break;
            case Appended appended: OnAppended(appended); break;
            case Committed committed: OnCommit(committed.Commit); break;
            case Pull pull: OnPull(from, pull); break;
            case Pulled pulled when from != self && from == _owner?.Generation.Owner: OnPulled(pulled); break;
            case SetTold told: OnSetTold(told); break;
            case Answered answered: OnAnswered(answered); break;
            default: break;
        }
    }

    public Head HeadOf(Generation generation)
    {
        var (log, commit) = _held ?? (Log, Commit);
        return new Head(generation, Set, IsHolder, log.Epoch, log.Start, log.Sections, commit);
    }

    /// <summary>Promises to take nothing of a lower generation.</summary>
    public void Rise(Generation generation)
    {
        if (generation > Highest)
        {
            Highest = generation;
            (Log, Commit) = _held ?? (Log, Commit);
            _held = null;
            (_owner, _ownerCommit, _told, _isCopy, _registered, _isInterestKnown) = (null, 0, null, false, 0, !_isInterested);
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
    public void Hold(CopySet set) => (Set, IsHolder, _held) = (set, true, null);

    /// <summary>As the owner: its commit number has moved.</summary>
    public void OnOwnCommit(long commit)
    {
        Commit = commit;
        Show();
    }

    /// <summary>Begins a log that has none of what was before.</summary>
    public void Begin(ulong epoch, long start)
    {
        Keep();
        Log = new PartitionLog();
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
        if (IsHolder && _held is null)
        {
            _held = (Log, Commit);
            Log = Log.Clone();
        }
    }

    private void Release(CopySet newer) => (Set, IsHolder, _held) = (newer, false, null);

    /// <summary>The owner's statement: follows its log if it may, and registers with it.</summary>
    private void OnStated(Stated stated)
    {
        if (stated.Set is { } counted && counted.IsNewerThan(Set) && !counted.Has(self))
        {
            Release(counted);
        }

        var isNew = _owner is null;
        if (stated.Generation.Owner != self && (isNew || stated.IsCopy != _isCopy))
        {
            Follow(stated, isNew);
        }

        _owner = stated;
        if (isNew)
        {
            if (_followed != stated.Epoch)
            {
                _forwards.Forget((token, end) => output.Answer(token, end, 0, 0));
                _followed = stated.Epoch;
            }

            SendRegister();
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
            output.Send(stated.Generation.Owner, new Copied(stated.Generation, Log.End));
        }
    }

    private void OnRegistered(Stated stated)
    {
        (_knownRegistration, _registered) = (stated.Registration, stated.Registration);
        if (stated.Registration == _registration && !_isInterestKnown)
        {
            _isInterestKnown = true;
            if (_isInterested)
            {
                StartVisible(stated);
            }
        }

        foreach (var forward in _forwards.After(stated.Taken))
        {
            Send(stated.Generation, forward);
        }
    }

    /// <summary>New subscribers see what is committed behind the owner's position; those who were here go on, or are told that they cannot.</summary>
    private void StartVisible(Stated stated)
    {
        if (_visibleEpoch != stated.Epoch || _visible < Log.Start)
        {
            var wasShown = _visibleEpoch != 0;
            (_visibleEpoch, _visible) = (stated.Epoch, stated.Commit);
            if (!IsHolder && !_isCopy && Log.End < _visible && stated.Generation.Owner != self)
            {
                Begin(stated.Epoch, _visible);
            }

            if (wasShown)
            {
                output.Gap(_visibleEpoch, _visible);
            }
        }

        output.Interested(_visibleEpoch, _visible);
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
            output.Send(appended.Generation.Owner, new Pull(appended.Generation, Log.End));
        }

        OnCommit(appended.Commit);
    }

    /// <summary>By the owner's replicas, of its log; by a new owner, of what is held here.</summary>
    private void OnPull(LaneId from, Pull pull)
    {
        var log = pull.Generation.Owner == self ? Log : _held?.Log ?? Log;
        output.Send(from, new Pulled(pull.Generation, pull.After, log.After(pull.After, PullSize), log.End));
    }

    private void OnPulled(Pulled pulled)
    {
        if (pulled.Entries.Count == 0 || pulled.After > Log.End)
        {
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
            output.Send(generation.Owner, new Copied(generation, Log.End));
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

    private void Show()
    {
        if (!_isInterested || !_isInterestKnown || _visibleEpoch != Log.Epoch)
        {
            return;
        }

        while (_visible < Commit)
        {
            output.Deliver(_visibleEpoch, Log[++_visible]);
        }
    }

    private void OnSetTold(SetTold told)
    {
        if (told.Set.Copy == self)
        {
            _told = told;
            ConfirmTold();
            return;
        }

        if (told.Set.IsNewerThan(Set))
        {
            Release(told.Set);
        }

        output.Send(told.Generation.Owner, new SetConfirmed(told.Generation, told.Set.Number));
    }

    /// <summary>As the copy of a new set: once everything is here that the set promises.</summary>
    private void ConfirmTold()
    {
        if (_told is { } told && _isCopy && Log.Start == 0 && Log.End >= told.Through)
        {
            _told = null;
            Hold(told.Set);
            output.Send(told.Generation.Owner, new SetConfirmed(told.Generation, told.Set.Number));
        }
    }

    private void OnAnswered(Answered answered)
    {
        if (_forwards.Answer(answered.Number) is { } token)
        {
            output.Answer(token, PublishEnd.Published, answered.Epoch, answered.Offset);
        }
    }

    private void SendRegister()
    {
        if (_owner is { } owner)
        {
            output.Send(owner.Generation.Owner, new Register(owner.Generation, ++_registration, _isInterested, _forwards.First));
        }
    }

    private void Send(Generation generation, Forward forward)
    {
        output.Send(generation.Owner, new Forwarded(generation, forward));
        _forwards.Sent(forward.Number);
    }

    /// <summary>Only a copy and who has subscribers need entries.</summary>
    private void PullRest(Generation generation)
    {
        if (_owner is { } owner && generation.Owner != self && (_isCopy || _isInterested) && Log.End < Math.Max(owner.End, _ownerCommit))
        {
            output.Send(generation.Owner, new Pull(generation, Log.End));
        }
    }
}
