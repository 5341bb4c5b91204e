using System.Buffers.Binary;

namespace Broker.Protocol.Deflate;

/// <summary>
/// Reads deflate blocks (RFC 1951) that come in parts cut anywhere. What it has written, and the fault it finds, depend on the
/// bytes so far alone. Between messages it holds nothing but its tables and is shared; not thread-safe.
/// </summary>
/// <remarks>
/// A step takes its bits only when all of them are there, at most 48 for a length and its distance. A final block ends nothing:
/// RFC 7692 section 7.2.3.4 has further blocks and messages follow it, from the next byte on.
/// Written here because .NET's stream neither reads on after a final block nor tells where it stopped, how much of a message was
/// missing, or that the output is full.
/// </remarks>
internal sealed class BlockInflater
{
    private const int EndOfBlock = 256;

    // RFC 1951 section 3.2.5; lengths from symbol 257 on.
    private static readonly ushort[] LengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
    private static readonly byte[] LengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    private static readonly ushort[] DistanceBase = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
    private static readonly byte[] DistanceExtra = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    [ThreadStatic]
    private static BlockInflater? _spare;

    private readonly CodeLengths _lengths = new();
    private HuffmanTable _literals = HuffmanTable.FixedLiterals;
    private HuffmanTable _distances = HuffmanTable.FixedDistances;
    private State _state;
    private bool _final;
    private ulong _bits;
    private int _available;
    private int _stored;

    private enum State
    {
        Header,
        StoredLength,
        Stored,
        Codes,
        Symbols,
    }

    private enum Step
    {
        Done,
        NeedBits,
        TooBig,
        Invalid,
    }

    /// <summary>A message may end here: between two blocks, at a whole byte.</summary>
    public bool IsAtBoundary => _state == State.Header && _available == 0;

    public static BlockInflater Rent()
    {
        var spare = _spare ?? new BlockInflater();
        _spare = null;
        return spare;
    }

    /// <summary>For the next message, whosever it is.</summary>
    public void Return()
    {
        (_state, _final, _bits, _available, _stored) = (State.Header, false, 0, 0, 0);
        _spare = this;
    }

    /// <summary>Inflates all of <paramref name="input"/>, or up to the first fault.</summary>
    /// <param name="input">The next bytes.</param>
    /// <param name="output">Grows by what they say.</param>
    /// <param name="limit">Most bytes the message may have.</param>
    /// <param name="window">The farthest a reference may reach.</param>
    public InflateStatus Inflate(ReadOnlySpan<byte> input, ref InflateOutput output, int limit, int window)
    {
        while (true)
        {
            Refill(ref input);
            var step = _state switch
            {
                State.Header => ReadHeader(),
                State.StoredLength => ReadStoredLength(),
                State.Stored => CopyStored(ref input, ref output, limit),
                State.Codes => ReadCodes(ref input),
                _ => ReadSymbols(ref input, ref output, limit, window),
            };
            switch (step)
            {
                case Step.TooBig:
                    return InflateStatus.TooBig;
                case Step.Invalid:
                    return InflateStatus.Invalid;
                case Step.NeedBits when input.IsEmpty:
                    return InflateStatus.Done;
            }
        }
    }

    private void Refill(ref ReadOnlySpan<byte> input)
    {
        if (_available <= 32 && input.Length >= 4)
        {
            _bits |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(input) << _available;
            _available += 32;
            input = input[4..];
        }

        while (_available <= 56 && !input.IsEmpty)
        {
            _bits |= (ulong)input[0] << _available;
            _available += 8;
            input = input[1..];
        }
    }

    private int Take(int count)
    {
        var value = (int)(_bits & ((1UL << count) - 1));
        _bits >>= count;
        _available -= count;
        return value;
    }

    private Step ReadHeader()
    {
        // BFINAL 1 | BTYPE 2
        if (_available < 3)
        {
            return Step.NeedBits;
        }

        _final = Take(1) != 0;
        switch (Take(2))
        {
            case 0:
                Take(_available & 7);
                _state = State.StoredLength;
                return Step.Done;
            case 1:
                (_literals, _distances) = (HuffmanTable.FixedLiterals, HuffmanTable.FixedDistances);
                _state = State.Symbols;
                return Step.Done;
            case 2:
                _lengths.Begin();
                _state = State.Codes;
                return Step.Done;
            default:
                return Step.Invalid;
        }
    }

    private void EndBlock()
    {
        _state = State.Header;
        if (_final)
        {
            Take(_available & 7);
        }
    }

    private Step ReadStoredLength()
    {
        // LEN 16 | NLEN 16, its complement
        if (_available < 32)
        {
            return Step.NeedBits;
        }

        _stored = Take(16);
        if ((Take(16) ^ 0xFFFF) != _stored)
        {
            return Step.Invalid;
        }

        _state = State.Stored;
        return Step.Done;
    }

    private Step CopyStored(ref ReadOnlySpan<byte> input, ref InflateOutput output, int limit)
    {
        while (_stored > 0)
        {
            if (output.Length >= limit)
            {
                return Step.TooBig;
            }

            if (_available > 0)
            {
                output.Add((byte)Take(8));
                _stored--;
                continue;
            }

            if (input.IsEmpty)
            {
                return Step.NeedBits;
            }

            var part = input[..Math.Min(Math.Min(_stored, input.Length), limit - output.Length)];
            output.Add(part);
            input = input[part.Length..];
            _stored -= part.Length;
        }

        EndBlock();
        return Step.Done;
    }

    private Step ReadCodes(ref ReadOnlySpan<byte> input)
    {
        while (true)
        {
            Refill(ref input);
            var taken = _lengths.Read(_bits, _available);
            if (taken <= 0)
            {
                return taken == 0 ? Step.NeedBits : Step.Invalid;
            }

            Take(taken);
            if (_lengths.IsComplete)
            {
                (_literals, _distances) = (_lengths.Literals, _lengths.Distances);
                _state = State.Symbols;
                return _lengths.TryBuild() ? Step.Done : Step.Invalid;
            }
        }
    }

    private Step ReadSymbols(ref ReadOnlySpan<byte> input, ref InflateOutput output, int limit, int window)
    {
        while (true)
        {
            if (_available < 48)
            {
                Refill(ref input);
            }

            var length = _literals.Decode(_bits, _available, out var symbol);
            if (length <= 0)
            {
                return length == 0 ? Step.NeedBits : Step.Invalid;
            }

            if (symbol == EndOfBlock)
            {
                Take(length);
                EndBlock();
                return Step.Done;
            }

            if (output.Length >= limit)
            {
                return Step.TooBig;
            }

            if (symbol > EndOfBlock)
            {
                var step = ReadReference(symbol - EndOfBlock - 1, length, ref output, limit, window);
                if (step != Step.Done)
                {
                    return step;
                }
            }
            else
            {
                Take(length);
                output.Add((byte)symbol);
            }
        }
    }

    // length symbol | its extra bits | distance symbol | its extra bits
    private Step ReadReference(int symbol, int taken, ref InflateOutput output, int limit, int window)
    {
        if (symbol >= LengthBase.Length)
        {
            return Step.Invalid;
        }

        var extra = LengthExtra[symbol];
        if (taken + extra > _available)
        {
            return Step.NeedBits;
        }

        var length = LengthBase[symbol] + Extra(taken, extra);
        taken += extra;
        var code = _distances.Decode(_bits >> taken, _available - taken, out symbol);
        if (code <= 0)
        {
            return code == 0 ? Step.NeedBits : Step.Invalid;
        }

        if (symbol >= DistanceBase.Length)
        {
            return Step.Invalid;
        }

        taken += code;
        extra = DistanceExtra[symbol];
        if (taken + extra > _available)
        {
            return Step.NeedBits;
        }

        var distance = DistanceBase[symbol] + Extra(taken, extra);
        var room = limit - output.Length;
        if (distance > window || !output.Repeat(distance, Math.Min(length, room)))
        {
            return Step.Invalid;
        }

        Take(taken + extra);
        return length > room ? Step.TooBig : Step.Done;
    }

    private int Extra(int offset, int count) => (int)(_bits >> offset) & ((1 << count) - 1);
}
