namespace Broker.Node.Sequenced;

/// <summary>
/// The part of a partition's owner that is about its copy: brings the copy set to what the members ask for, and says what is committed.
/// Not thread-safe.
/// </summary>
/// <remarks>
/// The copy set is settled, or the lane that is to be the copy catches up, or a new set has been told to its copy, or to those that it
/// drops. From telling the copy on until every lane that may still believe it holds an older set has confirmed or was removed, nothing is
/// committed: a take-over by that older set would not find it.
/// </remarks>
/// <param name="context">Where it is.</param>
/// <param name="generation">The owner's.</param>
/// <param name="replica">Of the same lane.</param>
/// <param name="members">The others; changed by others, who call <see cref="Advance"/> afterwards.</param>
/// <param name="state">States to a lane what holds.</param>
/// <param name="settled">A set counts.</param>
internal sealed class PartitionCopies(PartitionContext context, Generation generation, PartitionReplica replica, PartitionMembers members, Action<LaneId> state, Action settled)
{
    /// <summary>A copy that lags by fewer entries is in step.</summary>
    private const int Step = 64;

    private readonly Dictionary<LaneId, long> _copied = [];
    private readonly HashSet<LaneId> _holders = [];
    private SetStage _stage = SetStage.CatchingUp;
    private LaneId? _candidate;
    private CopySet? _set;
    private int _lastSet;

    /// <summary>The set that counts; null while none of this generation does.</summary>
    public CopySet? Counted => _stage is SetStage.Settled or SetStage.CatchingUp ? _set : null;

    /// <summary>Up to where everybody of the set that counts has the log; null: none counts.</summary>
    public long? Commit => Counted switch
    {
        null => null,
        { Copy: { } copy } => Math.Min(replica.Log.End, _copied.GetValueOrDefault(copy)),
        _ => replica.Log.End,
    };

    /// <summary>Who gets every entry, to have it.</summary>
    public IEnumerable<LaneId> Lanes => new[] { _candidate, _set?.Copy }.OfType<LaneId>().Distinct();

    public bool Has(LaneId lane) => lane == _candidate || lane == _set?.Copy;

    /// <summary>How many nodes have an entry, as far as they have said so.</summary>
    public int CountOf(long sequence) => (_set?.Copy ?? _candidate) is { } copy && _copied.GetValueOrDefault(copy) >= sequence ? 2 : 1;

    /// <param name="holders">Who may believe that it holds an older set.</param>
    public void Begin(IEnumerable<LaneId> holders) => _holders.UnionWith(holders);

    public void OnCopied(LaneId from, long end)
    {
        _copied[from] = Math.Max(_copied.GetValueOrDefault(from), end);
        Advance();
    }

    public void OnConfirmed(LaneId from, int number)
    {
        if (number != _set?.Number)
        {
            return;
        }

        if (_stage == SetStage.Telling && from == _candidate)
        {
            _stage = SetStage.Dropping;
            TellSet();
        }
        else if (_stage == SetStage.Dropping && from != _set.Copy && _holders.Remove(from))
        {
            // It may follow now.
            state(from);
        }

        Advance();
    }

    public void OnRemoved(LaneId lane)
    {
        _holders.Remove(lane);
        _copied.Remove(lane);
    }

    /// <summary>Tells a new set to those that have not confirmed it: the copy first; those whom the set drops only when there is a second holder.</summary>
    public void TellSet()
    {
        var told = _stage switch
        {
            SetStage.Telling => [_candidate!.Value],
            SetStage.Dropping => ToDrop(),
            _ => [],
        };
        foreach (var lane in told)
        {
            context.Output.Send(lane, new SetTold(generation, _set!, replica.Log.End));
        }
    }

    /// <summary>Brings the copy set to what the members ask for.</summary>
    public void Advance()
    {
        var target = context.Settings.Copies > 0 ? members.CopyOf(context.Id) : null;
        switch (_stage)
        {
            case SetStage.Settled when _set!.Copy != target:
            case SetStage.CatchingUp when target is null || _candidate != target:
                CatchUp(target);
                break;
            case SetStage.CatchingUp when _copied.TryGetValue(_candidate!.Value, out var end) && replica.Log.End - end <= Step:
                Tell(_candidate);
                break;
            case SetStage.Telling when !members.Has(_candidate!.Value):
                // Whether it has confirmed went with it.
                (_stage, _candidate, _set) = (SetStage.CatchingUp, null, null);
                Advance();
                break;
            case SetStage.Dropping when ToDrop().Count == 0:
                Settle();
                break;
            default:
                break;
        }
    }

    private void CatchUp(LaneId? target)
    {
        if (target is null)
        {
            Tell(null);
            return;
        }

        (_stage, _candidate) = (SetStage.CatchingUp, target);
        if (target == _set?.Copy)
        {
            // Back to the copy that the set has.
            Settle();
            return;
        }

        _copied.Remove(target.Value);
        state(target.Value);
    }

    private void Tell(LaneId? copy)
    {
        _set = new CopySet(generation, ++_lastSet, replica.Self, copy);
        _candidate = copy;
        replica.Hold(_set);
        _stage = copy is null ? SetStage.Dropping : SetStage.Telling;
        if (copy is { } lane)
        {
            _holders.Add(lane);
        }

        TellSet();
        Advance();
    }

    private List<LaneId> ToDrop() => [.. _holders.Where(lane => lane != _set!.Copy)];

    private void Settle()
    {
        _stage = SetStage.Settled;
        settled();
        Advance();
    }

    /// <summary>Where the copy set is.</summary>
    private enum SetStage
    {
        /// <summary>The set counts, if there is one; the lane that is to be its copy, or the next set's, is not in step yet.</summary>
        CatchingUp,

        /// <summary>The copy of the new set does not say yet that it holds everything.</summary>
        Telling,

        /// <summary>Those that held an older set do not know of the new one yet.</summary>
        Dropping,

        /// <summary>The set counts, and is the one that the members ask for.</summary>
        Settled,
    }
}
