namespace Broker.Fuzz.Engine;

/// <summary>Inputs that each brought something new. Not thread-safe.</summary>
internal sealed class Corpus(Random random)
{
    // What a run costs before its first byte, in bytes.
    private const int Start = 64;

    private readonly List<Entry> _entries = [];

    public int Count => _entries.Count;

    /// <summary>Bytes of all inputs.</summary>
    public long Bytes { get; private set; }

    public IEnumerable<byte[]> Inputs => _entries.Select(entry => entry.Input);

    public void Add(ReadOnlySpan<byte> input)
    {
        _entries.Add(new Entry(input.ToArray()));
        Bytes += input.Length;
    }

    /// <summary>An input to change: of two at random the one that was tried less and is shorter, so that new ones are soon tried and runs stay quick.</summary>
    public ReadOnlySpan<byte> Pick()
    {
        var one = _entries[random.Next(_entries.Count)];
        var other = _entries[random.Next(_entries.Count)];
        var picked = other.Spent < one.Spent ? other : one;
        picked.Spent += Start + picked.Input.Length;
        return picked.Input;
    }

    /// <summary>An input to take parts from.</summary>
    public ReadOnlySpan<byte> Any() => _entries[random.Next(_entries.Count)].Input;

    private sealed class Entry(byte[] input)
    {
        public byte[] Input { get; } = input;

        public long Spent { get; set; }
    }
}
