using Broker.Protocol.Wire;

namespace Broker.Node.Sequenced;

/// <summary>
/// Publishes of one lane on their way to the owner of a partition: numbered without holes, kept until each is answered. Not thread-safe.
/// </summary>
internal sealed class ForwardQueue(LaneId origin)
{
    private readonly Queue<Pending> _pending = [];
    private long _next = 1;

    /// <summary>The number of the oldest one that is not answered, or of the next.</summary>
    public long First => _pending.TryPeek(out var oldest) ? oldest.Forward.Number : _next;

    public int Count => _pending.Count;

    /// <summary>Every one of them, in order.</summary>
    public IEnumerable<Forward> Forwards => _pending.Select(static pending => pending.Forward);

    /// <param name="deadline">When it is given up, on the clock of <see cref="GiveUp"/>.</param>
    public Forward Add(string topic, ReadOnlyMemory<byte> payload, WireFormat format, long time, TimeSpan deadline)
    {
        var pending = new Pending(new Forward(origin, _next++, topic) { Payload = payload, Format = format, Time = time }, deadline);
        _pending.Enqueue(pending);
        return pending.Forward;
    }

    /// <summary>They have been sent, so that they may have been taken.</summary>
    public void Sent(long through)
    {
        foreach (var pending in _pending.TakeWhile(pending => pending.Forward.Number <= through))
        {
            pending.IsSent = true;
        }
    }

    /// <summary>
    /// Ends those whose time is over. Their numbers stay, as publishes of nothing: who comes behind them could never be taken otherwise.
    /// </summary>
    public void GiveUp(TimeSpan now, Action<long, PublishEnd> ended)
    {
        foreach (var pending in _pending.TakeWhile(pending => pending.Deadline <= now).Where(static pending => !pending.IsGivenUp))
        {
            pending.GiveUp();
            ended(pending.Forward.Number, pending.IsSent ? PublishEnd.Timeout : PublishEnd.Unavailable);
        }
    }

    /// <summary>Ends those that were sent: what became of them went with the epoch.</summary>
    public void Forget(Action<long, PublishEnd> ended)
    {
        while (_pending.TryPeek(out var oldest) && oldest.IsSent)
        {
            _pending.Dequeue();
            if (!oldest.IsGivenUp)
            {
                ended(oldest.Forward.Number, PublishEnd.Timeout);
            }
        }
    }

    /// <summary>The owner has committed one. Numbers below it have been answered, or that answer was lost: they are asked for again.</summary>
    /// <returns>Whether somebody still waits for it.</returns>
    public bool Answer(long number)
    {
        foreach (var pending in _pending.TakeWhile(pending => pending.Forward.Number <= number))
        {
            if (pending.Forward.Number == number && !pending.IsAnswered)
            {
                pending.IsAnswered = true;
                var isAwaited = !pending.IsGivenUp;
                while (_pending.TryPeek(out var oldest) && oldest.IsAnswered)
                {
                    _pending.Dequeue();
                }

                return isAwaited;
            }
        }

        return false;
    }

    private sealed class Pending(Forward forward, TimeSpan deadline)
    {
        public Forward Forward { get; private set; } = forward;

        public TimeSpan Deadline => deadline;

        public bool IsSent { get; set; }

        public bool IsAnswered { get; set; }

        public bool IsGivenUp => Forward.Topic is null;

        public void GiveUp() => Forward = Forward with { Topic = null, Payload = default };
    }
}
