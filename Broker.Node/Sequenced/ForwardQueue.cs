using Broker.Protocol.Wire;

namespace Broker.Node.Sequenced;

/// <summary>
/// Publishes of one lane on their way to the owner of a partition: numbered without holes, kept until each is answered. Those that were
/// sent are a prefix of them. Not thread-safe.
/// </summary>
internal sealed class ForwardQueue(LaneId origin)
{
    private readonly List<Pending> _pending = [];
    private long _next = 1;
    private long _tokens;

    /// <summary>The number of the oldest one that is not answered, or of the next.</summary>
    public long First => _pending.Count > 0 ? _pending[0].Forward.Number : _next;

    public int Count => _pending.Count;

    /// <summary>Every one behind a number, in order.</summary>
    public IReadOnlyList<Forward> After(long number) => [.. _pending.Select(static pending => pending.Forward).Where(forward => forward.Number > number)];

    /// <param name="deadline">When it is given up, on the clock of <see cref="GiveUp"/>; none is before that of an earlier one.</param>
    /// <returns>By what its end is told, and what is sent.</returns>
    public (long Token, Forward Forward) Add(string topic, ReadOnlyMemory<byte> payload, WireFormat format, long time, TimeSpan deadline)
    {
        var pending = new Pending(++_tokens, new Forward(origin, _next++, topic) { Payload = payload, Format = format, Time = time }, deadline);
        _pending.Add(pending);
        return (pending.Token, pending.Forward);
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
    /// Ends those whose time is over. The number of one that was sent stays, with nothing in it: whatever comes behind it could never be
    /// taken otherwise. One that never was leaves no number.
    /// </summary>
    public void GiveUp(TimeSpan now, Action<long, PublishEnd> ended)
    {
        var isUnsentOver = false;
        foreach (var pending in _pending.TakeWhile(pending => pending.Deadline <= now).Where(static pending => !pending.IsGivenUp && !pending.IsAnswered))
        {
            pending.GiveUp();
            isUnsentOver |= !pending.IsSent;
            ended(pending.Token, pending.IsSent ? PublishEnd.Timeout : PublishEnd.Unavailable);
        }

        if (isUnsentOver)
        {
            _next = First;
            _pending.RemoveAll(static pending => pending.IsGivenUp && !pending.IsSent);
            _pending.ForEach(pending => pending.Renumber(_next++));
        }
    }

    /// <summary>Ends those that were sent: what became of them went with the epoch.</summary>
    public void Forget(Action<long, PublishEnd> ended)
    {
        foreach (var pending in _pending.Where(static pending => pending.IsSent && !pending.IsGivenUp && !pending.IsAnswered))
        {
            ended(pending.Token, PublishEnd.Timeout);
        }

        _pending.RemoveAll(static pending => pending.IsSent);
    }

    /// <summary>The owner has committed one. The answers of numbers below it may have been lost: they are asked for again.</summary>
    /// <returns>The token of one that somebody waits for; else null.</returns>
    public long? Answer(long number)
    {
        if (_pending.Find(pending => pending.Forward.Number == number) is not { IsAnswered: false } answered)
        {
            return null;
        }

        answered.IsAnswered = true;
        _pending.RemoveRange(0, _pending.TakeWhile(static pending => pending.IsAnswered).Count());
        return answered.IsGivenUp ? null : answered.Token;
    }

    private sealed class Pending(long token, Forward forward, TimeSpan deadline)
    {
        public long Token => token;

        public Forward Forward { get; private set; } = forward;

        public TimeSpan Deadline => deadline;

        public bool IsSent { get; set; }

        public bool IsAnswered { get; set; }

        public bool IsGivenUp => Forward.Topic is null;

        public void GiveUp() => Forward = Forward with { Topic = null, Payload = default };

        public void Renumber(long number) => Forward = Forward with { Number = number };
    }
}
