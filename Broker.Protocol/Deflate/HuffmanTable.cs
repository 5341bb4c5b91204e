namespace Broker.Protocol.Deflate;

/// <summary>
/// One canonical Huffman code of RFC 1951 section 3.2.2: codes of up to nine bits in one look, longer ones bit by bit.
/// Built anew for each block; not thread-safe.
/// </summary>
/// <param name="symbols">Size of the alphabet.</param>
internal sealed class HuffmanTable(int symbols)
{
    public const int MaxBits = 15;
    private const int FastBits = 9;
    private readonly ushort[] _fast = new ushort[1 << FastBits]; // symbol << 4 | length; 0: not so short
    private readonly ushort[] _ordered = new ushort[symbols]; // symbols by length, then value
    private readonly ushort[] _count = new ushort[MaxBits + 1];

    /// <summary>The code of a fixed block (RFC 1951 section 3.2.6) for literals and lengths.</summary>
    public static HuffmanTable FixedLiterals { get; } = Build(288, static symbol => symbol switch { < 144 => 8, < 256 => 9, < 280 => 7, _ => 8 });

    /// <summary>The code of a fixed block for distances.</summary>
    public static HuffmanTable FixedDistances { get; } = Build(32, static _ => 5);

    /// <summary>False: the lengths are no code. One that leaves bit strings unused is none either, but for a lone one of one bit.</summary>
    /// <param name="lengths">Bits of each symbol's code, 0 to 15; 0: the symbol does not occur.</param>
    /// <param name="mayBeLone">Whether there may be a lone one.</param>
    public bool TryBuild(ReadOnlySpan<byte> lengths, bool mayBeLone = true)
    {
        Array.Clear(_count);
        foreach (var length in lengths)
        {
            _count[length]++;
        }

        _count[0] = 0;
        var used = 0;
        var left = 1;
        Span<ushort> first = stackalloc ushort[MaxBits + 2];
        for (var length = 1; length <= MaxBits; length++)
        {
            first[length + 1] = (ushort)(first[length] + _count[length]);
            used += _count[length];
            left = (left << 1) - _count[length];
            if (left < 0)
            {
                return false;
            }
        }

        if (left > 0 && used > 0 && !(mayBeLone && used == 1 && _count[1] == 1))
        {
            return false;
        }

        for (var symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] != 0)
            {
                _ordered[first[lengths[symbol]]++] = (ushort)symbol;
            }
        }

        FillFast();
        return true;
    }

    /// <summary>Decodes the symbol that <paramref name="bits"/> start with, lowest bit first.</summary>
    /// <param name="bits">What has come and was not taken.</param>
    /// <param name="available">How many of them count.</param>
    /// <param name="symbol">The symbol.</param>
    /// <returns>Length of its code; 0: more bits are needed; -1: no code starts so.</returns>
    public int Decode(ulong bits, int available, out int symbol)
    {
        var entry = _fast[(int)bits & ((1 << FastBits) - 1)];
        symbol = entry >> 4;
        var length = entry & 15;
        return length == 0 ? DecodeLong(bits, available, out symbol) : length <= available ? length : 0;
    }

    private static HuffmanTable Build(int symbols, Func<int, byte> length)
    {
        var table = new HuffmanTable(symbols);
        table.TryBuild(Enumerable.Range(0, symbols).Select(length).ToArray());
        return table;
    }

    private void FillFast()
    {
        Array.Clear(_fast);
        var code = 0;
        var index = 0;
        for (var length = 1; length <= FastBits; length++, code <<= 1)
        {
            for (var i = 0; i < _count[length]; i++, code++, index++)
            {
                // Codes lie in the stream from their highest bit on (section 3.1.1), all else from the lowest.
                var entry = (ushort)((_ordered[index] << 4) | length);
                for (var at = Reverse(code, length); at < _fast.Length; at += 1 << length)
                {
                    _fast[at] = entry;
                }
            }
        }
    }

    private static int Reverse(int code, int length)
    {
        var reversed = 0;
        for (var i = 0; i < length; i++)
        {
            reversed = (reversed << 1) | ((code >> i) & 1);
        }

        return reversed;
    }

    private int DecodeLong(ulong bits, int available, out int symbol)
    {
        symbol = 0;
        var code = 0;
        var first = 0;
        var index = 0;
        for (var length = 1; length <= MaxBits; length++)
        {
            if (length > available)
            {
                return 0;
            }

            code |= (int)(bits & 1);
            bits >>= 1;
            var count = _count[length];
            if (code - first < count)
            {
                symbol = _ordered[index + code - first];
                return length;
            }

            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }

        return -1;
    }
}
