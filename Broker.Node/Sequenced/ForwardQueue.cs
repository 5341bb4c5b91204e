namespace Broker.Node.Sequenced;

/// <summary>
/// What one lane wants of the owner of a partition, in the order in which it was wanted: forwards, numbered without holes and kept until each
/// is answered, and questions. Those that were sent are a prefix of them. Not thread-safe.
/// </summary>
internal sealed class ForwardQueue(LaneId origin)
{
    private readonly Dictionary<long, Pending> _forwards = [];
    private readonly Dictionary<long, Pending> _questions = [];
    private Queue<Pending> _pending = new();
    private long _next = 1;
    private long _tokens;

    /// <summary>The number of the oldest forward that is not answered, or of the next.</summary>
    public long First
    {
        get
        {
            Trim();
            foreach (var pending in _pending)
            {
                if (pending is { Forward: { } forward, IsAnswered: false })
                {
                    return forward.Number;
                }
            }

            return _next;
        }
    }

    public int Count => _forwards.Count + _questions.Count;

    /// <summary>Questions and every forward behind a number, in order.</summary>
    public IReadOnlyList<Pending> After(long number) =>
        [.. _pending.Where(pending => !pending.IsAnswered && (pending.Forward is null || pending.Forward.Number > number))];

    /// <summary>What is not answered, from one on, in order.</summary>
    public IReadOnlyList<Pending> From(long token) => [.. _pending.Where(pending => !pending.IsAnswered && pending.Token >= token)];

    /// <param name="content">What is to be forwarded, of no origin and number yet.</param>
    /// <param name="deadline">When it is given up, on the clock of <see cref="GiveUp"/>; none is before that of an earlier one.</param>
    public Pending Add(Forward content, TimeSpan deadline)
    {
        var pending = new Pending(++_tokens, deadline) { Forward = content with { Origin = origin, Number = _next++ } };
        _forwards.Add(pending.Forward.Number, pending);
        _pending.Enqueue(pending);
        return pending;
    }

    /// <inheritdoc cref="Add(Forward, TimeSpan)"/>
    public Pending Add(TopicQuery query, TimeSpan deadline)
    {
        var pending = new Pending(++_tokens, deadline) { Query = query };
        _questions.Add(pending.Token, pending);
        _pending.Enqueue(pending);
        return pending;
    }

    /// <summary>
    /// Ends those whose time is over. The number of a forward that was sent stays, with nothing in it: whatever comes behind it could never
    /// be taken otherwise. One that never was leaves no number.
    /// </summary>
    public void GiveUp(TimeSpan now, Action<Pending, PublishEnd> ended)
    {
        var isUnsentOver = false;
        foreach (var pending in _pending.TakeWhile(pending => pending.Deadline <= now).Where(static pending => !pending.IsGivenUp && !pending.IsAnswered).ToList())
        {
            var end = pending is { Forward: not null, IsSent: true } ? PublishEnd.Timeout : PublishEnd.Unavailable;
            isUnsentOver |= pending is { Forward: not null, IsSent: false };
            if (pending.Forward is null)
            {
                End(pending);
            }
            else
            {
                pending.GiveUp();
            }

            ended(pending, end);
        }

        if (isUnsentOver)
        {
            Renumber();
        }
    }

    /// <summary>Ends the forwards that were sent: what became of them went with the epoch.</summary>
    public void Forget(Action<Pending, PublishEnd> ended)
    {
        foreach (var pending in _pending.Where(static pending => pending is { Forward: not null, IsSent: true, IsAnswered: false }).ToList())
        {
            End(pending);
            if (!pending.IsGivenUp)
            {
                ended(pending, PublishEnd.Timeout);
            }
        }
    }

    /// <summary>The owner has committed one. The answers of numbers below it may have been lost: they are asked for again.</summary>
    /// <returns>One that somebody waits for; else null.</returns>
    public Pending? Answer(long number)
    {
        if (!_forwards.TryGetValue(number, out var pending))
        {
            return null;
        }

        End(pending);
        return pending.IsGivenUp ? null : pending;
    }

    /// <summary>A question that is not answered; null: nobody waits for it any more.</summary>
    public Pending? Question(long token) => _questions.GetValueOrDefault(token);

    /// <summary>The owner has answered a question.</summary>
    /// <returns>Null: nobody waits for it any more.</returns>
    public Pending? AnswerQuestion(long token)
    {
        if (_questions.TryGetValue(token, out var pending))
        {
            End(pending);
        }

        return pending;
    }

    private void End(Pending pending)
    {
        pending.IsAnswered = true;
        if (pending.Forward is { } forward)
        {
            _forwards.Remove(forward.Number);
        }
        else
        {
            _questions.Remove(pending.Token);
        }

        Trim();
    }

    private void Trim()
    {
        while (_pending.TryPeek(out var first) && first.IsAnswered)
        {
            _pending.Dequeue();
        }
    }

    private void Renumber()
    {
        _next = _pending.FirstOrDefault(static pending => pending is { Forward: not null, IsSent: false, IsAnswered: false })?.Forward!.Number ?? _next;
        var rest = new Queue<Pending>();
        foreach (var pending in _pending)
        {
            if (pending is { Forward: { } forward, IsSent: false, IsAnswered: false })
            {
                _forwards.Remove(forward.Number);
                if (pending.IsGivenUp)
                {
                    continue;
                }

                pending.Renumber(_next++);
            }

            rest.Enqueue(pending);
        }

        foreach (var pending in rest.Where(static pending => pending is { Forward: not null, IsSent: false, IsAnswered: false }))
        {
            _forwards.Add(pending.Forward!.Number, pending);
        }

        _pending = rest;
    }

    /// <summary>One thing that is wanted: a forward, or a question.</summary>
    /// <param name="token">By what its end is told.</param>
    /// <param name="deadline">When it is given up.</param>
    internal sealed class Pending(long token, TimeSpan deadline)
    {
        public long Token => token;

        public TimeSpan Deadline => deadline;

        public Forward? Forward { get; set; }

        public TopicQuery? Query { get; init; }

        /// <summary>It may have been sent, and taken.</summary>
        public bool IsSent { get; set; }

        public bool IsAnswered { get; set; }

        /// <summary>Of a question: its answer has come, and waits for its turn.</summary>
        public bool IsAnswerHere { get; set; }

        /// <summary>Of a question: whom it was asked last, and when.</summary>
        public Generation AskedOf { get; set; }

        public TimeSpan SentAt { get; set; }

        public bool IsGivenUp => Forward is { Topic: null };

        public void GiveUp() => Forward = new Forward(Forward!.Origin, Forward.Number, null);

        public void Renumber(long number) => Forward = Forward! with { Number = number };
    }
}
