namespace Broker.Node.Sequenced;

/// <summary>
/// What one lane wants of the owner of a partition, and whether it went there: in its order, and again where it may have got lost. Where
/// the link takes one no more, those behind it wait as well, so that what was sent is what stands in front. Not thread-safe.
/// </summary>
/// <param name="self">The lane.</param>
/// <param name="output">Sends it, and is told what ended without an answer.</param>
internal sealed class PartitionRequests(LaneId self, IPartitionOutput output)
{
    /// <summary>After which a question is asked again.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private TimeSpan _now;

    /// <summary>The first of those that the link did not take; 0: it took all.</summary>
    private long _held;

    public ForwardQueue Queue { get; } = new(self);

    /// <summary>The owner that has answered a registration; null: none of the highest generation has.</summary>
    public Generation? Owner { get; private set; }

    /// <summary>The link to the owner did not take everything.</summary>
    public bool IsHeld => _held > 0;

    /// <summary>A publish from here.</summary>
    /// <returns>By what its end is told.</returns>
    public long Publish(Forward content, TimeSpan deadline) => Send(Queue.Add(content, deadline));

    /// <summary>A question from here.</summary>
    /// <returns>By what the answer is told.</returns>
    public long Ask(TopicQuery query, TimeSpan deadline) => Send(Queue.Add(query, deadline));

    /// <summary>The answer of a question is of no use any more.</summary>
    public void AskAnew(ForwardQueue.Pending pending)
    {
        (pending.IsAnswerHere, pending.AskedOf) = (false, default);
        Send(pending);
    }

    /// <summary>The link may have room again.</summary>
    public void SendHeld()
    {
        if (IsHeld && Owner is { } owner)
        {
            SendAll(owner, Queue.From(_held));
        }
    }

    /// <summary>Now and then: ends what has waited for too long.</summary>
    public void Tick(TimeSpan now)
    {
        _now = now;
        Queue.GiveUp(now, GiveUp);
    }

    /// <summary>There may be another owner.</summary>
    public void Forget() => (Owner, _held) = (null, 0);

    /// <summary>The epoch went, and with it what was sent.</summary>
    public void ForgetSent() => Queue.Forget(GiveUp);

    /// <summary>The owner has answered a registration.</summary>
    /// <param name="owner">Which.</param>
    /// <param name="taken">The highest number that it has taken.</param>
    public void OnRegistered(Generation owner, long taken)
    {
        Owner = owner;
        SendAll(owner, Queue.After(taken));
    }

    private long Send(ForwardQueue.Pending pending)
    {
        if (Owner is { } owner && !IsHeld)
        {
            SendAll(owner, [pending]);
        }

        return pending.Token;
    }

    private void SendAll(Generation owner, IEnumerable<ForwardQueue.Pending> pendings) =>
        _held = pendings.FirstOrDefault(pending => !TrySend(owner, pending))?.Token ?? 0;

    private bool TrySend(Generation owner, ForwardQueue.Pending pending)
    {
        if (pending.Forward is { } forward)
        {
            var isSent = output.Send(owner.Owner, new Forwarded(owner, forward));
            pending.IsSent |= isSent;
            return isSent;
        }

        if (pending.IsAnswerHere || (pending.AskedOf == owner && _now - pending.SentAt < AskAgain))
        {
            return true;
        }

        if (!output.Send(owner.Owner, new Asked(owner, pending.Token, pending.Query!)))
        {
            return false;
        }

        (pending.AskedOf, pending.SentAt) = (owner, _now);
        return true;
    }

    private void GiveUp(ForwardQueue.Pending pending, PublishEnd end)
    {
        if (pending.Query is null)
        {
            output.Answer(pending.Token, end, default, 0);
        }
        else
        {
            output.Told(pending.Token, new TopicAnswer(0, default) { Error = TopicAnswerError.Unavailable });
        }
    }
}
