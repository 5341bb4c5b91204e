namespace Broker.Node.Links;

/// <summary>
/// The receiving half of a link: takes each envelope once and in order, asks again for a hole the sender keeps, and reports
/// a gap for one it does not. Keeps no envelopes: what arrives beyond a hole is sent again with it. Pure; not thread-safe.
/// </summary>
internal sealed class IncomingLink
{
    private long _expected;
    private long _asked;
    private long _farewell = -1;

    /// <summary>The number up to which everything has arrived or was given up; 0 before the first.</summary>
    public long Acknowledged => Math.Max(0, _expected - 1);

    /// <summary>The sender said goodbye and everything it numbered is here: its end is no loss.</summary>
    public bool IsComplete => _farewell >= 0 && _expected > _farewell;

    /// <summary>A hello or its answer: the sender keeps nothing below <paramref name="lowest"/>.</summary>
    public Arrival Position(long lowest) => new(Advance(lowest), false, 0);

    public Arrival Envelope(long number, long lowest)
    {
        var gap = Advance(lowest);
        if (number == _expected)
        {
            _expected++;
            return new(gap, true, 0);
        }

        // Once per hole: every envelope behind it would ask. If the request is lost, the sender's next statement repeats it.
        if (number < _expected || _asked == _expected)
        {
            return new(gap, false, 0);
        }

        _asked = _expected;
        return new(gap, false, _expected);
    }

    public Arrival Statement(long last, long lowest)
    {
        var gap = Advance(lowest);
        if (last < _expected)
        {
            return new(gap, false, 0);
        }

        _asked = _expected;
        return new(gap, false, _expected);
    }

    /// <summary>The sender will number nothing above <paramref name="last"/>.</summary>
    public void Goodbye(long last) => _farewell = last;

    /// <summary>The sender's lane was replaced: its numbers start anew.</summary>
    public void Renew()
    {
        _expected = _asked = 0;
        _farewell = -1;
    }

    private bool Advance(long lowest)
    {
        if (lowest <= _expected)
        {
            return false;
        }

        // Before the first position nothing is expected; number 1 is then the beginning, anything above has a past.
        var gap = _expected > 0 || lowest > 1;
        _expected = lowest;
        return gap;
    }
}

/// <summary>What a receiver has to do about something that arrived, in this order: gap, deliver, ask again.</summary>
/// <param name="Gap">Something before this is missing and will not come.</param>
/// <param name="Deliver">The envelope is the next one.</param>
/// <param name="Resend">First number to ask for again; 0: none.</param>
internal readonly record struct Arrival(bool Gap, bool Deliver, long Resend);
