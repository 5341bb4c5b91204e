namespace Broker.Rooms;

/// <summary>
/// A seeded random source, the same on every platform: xoshiro256** (Blackman and Vigna, Scrambled Linear Pseudorandom Number Generators,
/// 2021), seeded by splitmix64. For games, not for secrets. Not thread-safe.
/// </summary>
public sealed class RoomRandom
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    public RoomRandom(ulong seed) => (_a, _b, _c, _d) = (Split(ref seed), Split(ref seed), Split(ref seed), Split(ref seed));

    internal RoomRandom((ulong A, ulong B, ulong C, ulong D) state) => State = state;

    internal (ulong A, ulong B, ulong C, ulong D) State
    {
        get => (_a, _b, _c, _d);
        set => (_a, _b, _c, _d) = value;
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        var result = Rotate(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = Rotate(_d, 45);
        return result;
    }

    /// <param name="below">At least 1.</param>
    /// <returns>0 to <paramref name="below"/> - 1, all equally likely.</returns>
    public int Next(int below)
    {
        if (below < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(below), below, "Must be at least 1.");
        }

        // Of 32 bits, those that do not fill a whole round are thrown away, so that no number is likelier.
        var whole = (1UL << 32) / (ulong)below * (ulong)below;
        ulong bits;
        do
        {
            bits = NextBits() >> 32;
        }
        while (bits >= whole);
        return (int)(bits % (ulong)below);
    }

    /// <param name="from">The lowest.</param>
    /// <param name="below">Above <paramref name="from"/>, by at most <see cref="int.MaxValue"/>.</param>
    public int Next(int from, int below) => from + Next(checked(below - from));

    /// <returns>0 (included) to 1 (excluded), in steps of 2^-53.</returns>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Puts the items in a random order, each order equally likely.</summary>
    public void Shuffle<T>(IList<T> items)
    {
        for (var last = items.Count - 1; last > 0; last--)
        {
            var other = Next(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    private static ulong Split(ref ulong state)
    {
        var mixed = state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    private static ulong Rotate(ulong value, int bits) => (value << bits) | (value >> (64 - bits));
}
