using System.Buffers.Binary;

namespace Broker.Protocol.Wire.MessagePack;

/// <summary>
/// Reads MessagePack token by token: a scalar with its content, or the header of an array or map. Never throws and
/// allocates nothing; a length or count is believed only as far as there are bytes for it.
/// </summary>
/// <param name="bytes">Any bytes.</param>
internal ref struct MessagePackTokenReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Where the token at hand begins.</summary>
    public int Start { get; private set; }

    /// <summary>Behind the token at hand, and behind its content if that is text or bytes.</summary>
    public int Position { get; private set; }

    public MessagePackKind Kind { get; private set; }

    /// <summary>Bytes of a text or of bytes, elements of an array, pairs of a map.</summary>
    public int Length { get; private set; }

    public bool Boolean { get; private set; }

    /// <summary>Of an <see cref="MessagePackKind.Unsigned"/> the same 64 bits.</summary>
    public long Integer { get; private set; }

    public double Float { get; private set; }

    /// <summary>Of a text or of bytes.</summary>
    public readonly ReadOnlySpan<byte> Content => _bytes.Slice(Position - Length, Length);

    public readonly bool AtEnd => Position == _bytes.Length;

    /// <returns>False at the end, and for anything the protocol does not take: cut off, not MessagePack, an extension, not a number.</returns>
    public bool Next()
    {
        Start = Position;
        Kind = MessagePackKind.None;
        if (AtEnd)
        {
            return false;
        }

        var code = _bytes[Position++];
        return code switch
        {
            <= 0x7f => Whole(code),
            <= 0x8f => Container(MessagePackKind.Map, code & 0x0fu),
            <= 0x9f => Container(MessagePackKind.Array, code & 0x0fu),
            <= 0xbf => Scalar(MessagePackKind.Text, code & 0x1fu),
            >= 0xe0 => Whole((sbyte)code),
            0xc0 => Is(MessagePackKind.Nil),
            0xc2 or 0xc3 => Flag(code == 0xc3),
            <= 0xc9 => Bytes(code),
            <= 0xcb => Real(code),
            <= 0xd3 => Number(code),
            >= 0xd9 and <= 0xdb => Take(1 << (code - 0xd9), out var length) && Scalar(MessagePackKind.Text, length),
            0xdc or 0xdd => Take(2 << (code - 0xdc), out var count) && Container(MessagePackKind.Array, count),
            0xde or 0xdf => Take(2 << (code - 0xde), out var pairs) && Container(MessagePackKind.Map, pairs),

            // fixext: the protocol has no extensions, the timestamp (-1) neither.
            _ => false,
        };
    }

    // bin 8, 16, 32; 0xc1 is never used, 0xc7-0xc9 are extensions.
    private bool Bytes(byte code) =>
        code is >= 0xc4 and <= 0xc6 && Take(1 << (code - 0xc4), out var length) && Scalar(MessagePackKind.Bytes, length);

    // float 32, float 64.
    private bool Real(byte code)
    {
        if (!Take(code == 0xca ? 4 : 8, out var bits))
        {
            return false;
        }

        Float = code == 0xca ? BitConverter.Int32BitsToSingle((int)bits) : BitConverter.Int64BitsToDouble((long)bits);
        return double.IsFinite(Float) && Is(MessagePackKind.Float);
    }

    // uint 8 to 64, int 8 to 64.
    private bool Number(byte code)
    {
        if (!Take(1 << (code & 3), out var bits))
        {
            return false;
        }

        if (code == 0xcf && bits > long.MaxValue)
        {
            Integer = (long)bits;
            return Is(MessagePackKind.Unsigned);
        }

        return Whole(code switch
        {
            0xd0 => (sbyte)bits,
            0xd1 => (short)bits,
            0xd2 => (int)bits,
            _ => (long)bits,
        });
    }

    private bool Whole(long value)
    {
        Integer = value;
        return Is(MessagePackKind.Integer);
    }

    private bool Flag(bool value)
    {
        Boolean = value;
        return Is(MessagePackKind.Boolean);
    }

    private bool Scalar(MessagePackKind kind, ulong length)
    {
        if (length > (ulong)(_bytes.Length - Position))
        {
            return false;
        }

        Length = (int)length;
        Position += Length;
        return Is(kind);
    }

    /// <summary>Every element takes a byte at least, so no count is taken that the bytes left could not hold.</summary>
    private bool Container(MessagePackKind kind, ulong count)
    {
        if (count * (kind == MessagePackKind.Map ? 2u : 1u) > (ulong)(_bytes.Length - Position))
        {
            return false;
        }

        Length = (int)count;
        return Is(kind);
    }

    private bool Is(MessagePackKind kind)
    {
        Kind = kind;
        return true;
    }

    /// <summary>An unsigned big-endian number of 1, 2, 4 or 8 bytes.</summary>
    private bool Take(int size, out ulong value)
    {
        value = 0;
        if (_bytes.Length - Position < size)
        {
            return false;
        }

        var bytes = _bytes[Position..];
        value = size switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
        Position += size;
        return true;
    }
}
