namespace Broker.Protocol.Deflate;

/// <summary>
/// The head of a dynamic block (RFC 1951 section 3.2.7), which says how long the codes of its two alphabets are:
/// <code>HLIT 5 | HDIST 5 | HCLEN 4 | lengths of the length code, 3 each | lengths of both alphabets in that code</code>
/// Read step by step; reused; not thread-safe.
/// </summary>
internal sealed class CodeLengths
{
    private const int EndOfBlock = 256;
    private const int MaxLiterals = 286;
    private const int MaxDistances = 30;
    private static readonly byte[] Order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private readonly HuffmanTable _code = new(19);
    private readonly byte[] _codeLengths = new byte[19];
    private readonly byte[] _lengths = new byte[MaxLiterals + MaxDistances];
    private int _literalCount;
    private int _total;
    private int _codeCount;
    private int _codesRead;
    private int _read;

    public HuffmanTable Literals { get; } = new(MaxLiterals);

    public HuffmanTable Distances { get; } = new(MaxDistances);

    /// <summary>All lengths are there.</summary>
    public bool IsComplete => _total > 0 && _read == _total;

    public void Begin()
    {
        Array.Clear(_codeLengths);
        (_literalCount, _total, _codeCount, _codesRead, _read) = (0, 0, 0, 0, 0);
    }

    /// <summary>The next step.</summary>
    /// <returns>Bits it took, at most 14; 0: more are needed; -1: there is no such head.</returns>
    public int Read(ulong bits, int available) =>
        _total == 0 ? ReadCounts(bits, available)
        : _codesRead < _codeCount ? ReadCodeLength(bits, available)
        : ReadLength(bits, available);

    /// <summary>False: the lengths are no codes, or no block could end.</summary>
    public bool TryBuild() =>
        _lengths[EndOfBlock] != 0
        && Literals.TryBuild(_lengths.AsSpan(0, _literalCount))
        && Distances.TryBuild(_lengths.AsSpan(_literalCount, _total - _literalCount));

    private int ReadCounts(ulong bits, int available)
    {
        if (available < 14)
        {
            return 0;
        }

        _literalCount = 257 + (int)(bits & 31);
        var distances = 1 + (int)((bits >> 5) & 31);
        _codeCount = 4 + (int)((bits >> 10) & 15);
        _total = _literalCount + distances;
        return _literalCount > MaxLiterals || distances > MaxDistances ? -1 : 14;
    }

    private int ReadCodeLength(ulong bits, int available)
    {
        if (available < 3)
        {
            return 0;
        }

        _codeLengths[Order[_codesRead++]] = (byte)(bits & 7);
        return _codesRead < _codeCount || _code.TryBuild(_codeLengths, mayBeLone: false) ? 3 : -1;
    }

    private int ReadLength(ulong bits, int available)
    {
        var taken = _code.Decode(bits, available, out var symbol);
        if (taken <= 0)
        {
            return taken;
        }

        if (symbol < 16)
        {
            _lengths[_read++] = (byte)symbol;
            return taken;
        }

        // 16: the one before 3 to 6 times; 17: 3 to 10 zeros; 18: 11 to 138 zeros.
        var (extra, least) = symbol switch { 16 => (2, 3), 17 => (3, 3), _ => (7, 11) };
        if (taken + extra > available)
        {
            return 0;
        }

        var count = least + (int)((bits >> taken) & ((1UL << extra) - 1));
        if (count > _total - _read || (symbol == 16 && _read == 0))
        {
            return -1;
        }

        _lengths.AsSpan(_read, count).Fill(symbol == 16 ? _lengths[_read - 1] : (byte)0);
        _read += count;
        return taken + extra;
    }
}
