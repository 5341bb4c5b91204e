namespace Broker.Fuzz.Targets;

/// <summary>A way in which a transport may cut bytes, chosen by a number: 0 is byte by byte, 1 whole, others random.</summary>
internal ref struct Cuts(byte choice)
{
    private uint _state = choice;

    /// <summary>Bytes of the next segment, at most <paramref name="left"/>.</summary>
    public int Next(int left)
    {
        if (choice == 1)
        {
            return left;
        }

        _state = (_state * 1664525) + 1013904223;

        // Mostly a few bytes; now and then many, so that whole frames lie inside a segment.
        var length = choice == 0 ? 1 : 1 + (int)((_state >> 24) % ((_state & 0x10000) == 0 ? 4u : 200u));
        return Math.Min(left, length);
    }
}
