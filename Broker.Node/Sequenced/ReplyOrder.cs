namespace Broker.Node.Sequenced;

/// <summary>
/// What the owner has answered, given in the order in which it came. The answer to a new subscriber waits until just that has been
/// delivered which it has, and those behind it wait with it. Not thread-safe.
/// </summary>
/// <param name="forwards">What was wanted of the owner.</param>
/// <param name="output">Is given the answers.</param>
/// <param name="askAnew">Asks a question once more: more has been delivered than its answer has.</param>
internal sealed class ReplyOrder(ForwardQueue forwards, IPartitionOutput output, Action<ForwardQueue.Pending> askAnew)
{
    private readonly Queue<Reply> _replies = new();

    public void OnAnswered(Answered answered, long visible)
    {
        if (forwards.Answer(answered.Number) is { } pending)
        {
            var end = answered.Outcome switch
            {
                PublishOutcome.Conflict => PublishEnd.Conflict,
                PublishOutcome.Limited => PublishEnd.Limited,
                _ => PublishEnd.Published,
            };
            Add(new Reply(null, 0, IsAligned: false, () => output.Answer(pending.Token, end, answered.Position, answered.Copies)), visible);
        }
    }

    /// <param name="pending">The question.</param>
    /// <param name="answer">The owner's.</param>
    /// <param name="isAligned">It is a new subscriber's.</param>
    /// <param name="visible">Up to where was delivered.</param>
    public void OnTold(ForwardQueue.Pending pending, TopicAnswer answer, bool isAligned, long visible)
    {
        pending.IsAnswerHere = true;
        Add(
            new Reply(pending, answer.Sequence, isAligned, () =>
            {
                if (forwards.AnswerQuestion(pending.Token) is not null)
                {
                    output.Told(pending.Token, answer);
                }
            }),
            visible);
    }

    /// <summary>Something was delivered.</summary>
    public void Release(long visible)
    {
        while (_replies.TryPeek(out var reply) && (!reply.IsAligned || reply.Sequence <= visible))
        {
            _replies.Dequeue();
            if (!reply.IsAligned || reply.Sequence == visible)
            {
                reply.Give();
            }
            else
            {
                askAnew(reply.Pending!);
            }
        }
    }

    /// <summary>Another owner: what waits for what the former one had is asked again.</summary>
    public void Drop()
    {
        while (_replies.TryDequeue(out var reply))
        {
            if (reply.IsAligned)
            {
                reply.Pending!.IsAnswerHere = false;
            }
            else
            {
                reply.Give();
            }
        }
    }

    private void Add(Reply reply, long visible)
    {
        _replies.Enqueue(reply);
        Release(visible);
    }

    /// <param name="Pending">Of a question.</param>
    /// <param name="Sequence">Up to where it has everything.</param>
    /// <param name="IsAligned">It is given when just that has been delivered.</param>
    /// <param name="Give">Gives it.</param>
    private sealed record Reply(ForwardQueue.Pending? Pending, long Sequence, bool IsAligned, Action Give);
}
