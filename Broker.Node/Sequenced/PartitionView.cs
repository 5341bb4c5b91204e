namespace Broker.Node.Sequenced;

/// <summary>
/// What subscribers on one lane see of a partition: every committed entry, in its order and once, from where the owner knew that they are
/// here; and between them the owner's answers, each in its place. Not thread-safe.
/// </summary>
/// <param name="output">Is given the entries.</param>
/// <param name="replies">Gives the answers.</param>
internal sealed class PartitionView(IPartitionOutput output, ReplyOrder replies)
{
    private long _visible;
    private ulong _epoch;

    /// <summary>There are subscribers.</summary>
    public bool IsWanted { get; private set; }

    /// <summary>The owner knows whether there are.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Subscribers have come, or the last one has gone.</summary>
    /// <returns>False: nothing new.</returns>
    public bool TryWant(bool isWanted)
    {
        if (IsWanted == isWanted)
        {
            return false;
        }

        (IsWanted, IsKnown, _epoch) = (isWanted, false, 0);
        return true;
    }

    /// <summary>There may be another owner, who does not know.</summary>
    public void Forget() => IsKnown = !IsWanted;

    /// <summary>The owner knows now.</summary>
    /// <returns>Whether it did not before, and somebody waits for what it has.</returns>
    public bool TryKnow()
    {
        var isNew = !IsKnown && IsWanted;
        IsKnown = true;
        return isNew;
    }

    /// <summary>New subscribers see what is committed behind the owner's position; those who were here go on, or are told that they cannot.</summary>
    /// <param name="epoch">The owner's.</param>
    /// <param name="commit">The owner's.</param>
    /// <param name="start">Of the log here.</param>
    /// <returns>Whether it begins at the owner's position.</returns>
    public bool TryStart(ulong epoch, long commit, long start)
    {
        if (_epoch == epoch && _visible >= start)
        {
            return false;
        }

        var wasShown = _epoch != 0;
        (_epoch, _visible) = (epoch, commit);
        if (wasShown)
        {
            output.Gap(_epoch, _visible);
        }

        return true;
    }

    /// <summary>Shows what may be seen, and has the log give up what nobody needs.</summary>
    /// <param name="log">The lane's.</param>
    /// <param name="commit">The lane's commit number.</param>
    /// <param name="ownerCommit">The owner's.</param>
    public void Show(PartitionLog log, long commit, long ownerCommit)
    {
        if (!IsWanted || !IsKnown || _epoch != log.Epoch)
        {
            log.Settle(commit);
            return;
        }

        replies.Release(_visible);
        var end = Math.Min(commit, ownerCommit);
        while (_visible < end)
        {
            if (log.Find(_visible + 1) is { } entry)
            {
                _visible++;
                output.Deliver(_epoch, entry);
            }
            else
            {
                // It was given up before it came here.
                _visible = Math.Min((log.NextAfter(_visible) ?? long.MaxValue) - 1, end);
                output.Gap(_epoch, _visible);
            }

            replies.Release(_visible);
        }

        log.Settle(Math.Min(commit, _visible));
    }

    public void OnAnswered(Answered answered) => replies.OnAnswered(answered, _visible);

    /// <summary>Another owner: what waits for what the former one had is asked again.</summary>
    public void DropAligned() => replies.Drop();

    public void OnTold(ForwardQueue.Pending pending, TopicAnswer answer)
    {
        var isAligned = pending.Query!.Kind == TopicQueryKind.Subscribe && answer.Error == TopicAnswerError.None;
        if ((IsWanted && !IsKnown) || (isAligned && _epoch != answer.Position.Epoch))
        {
            // Its registration has got lost, which is said again: then it is asked again too.
            return;
        }

        replies.OnTold(pending, answer, isAligned, _visible);
    }
}
