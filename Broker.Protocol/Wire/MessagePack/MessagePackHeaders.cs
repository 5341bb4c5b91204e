using System.Buffers.Binary;

namespace Broker.Protocol.Wire.MessagePack;

/// <summary>Writes scalars and headers in their shortest encoding; each returns the bytes written, at most <see cref="Longest"/>.</summary>
internal static class MessagePackHeaders
{
    public const int Longest = 9;
    public const byte Nil = 0xc0;
    public const byte False = 0xc2;
    public const byte True = 0xc3;

    public static int Text(Span<byte> destination, int length) =>
        length < 32 ? Short(destination, 0xa0 | length) : Sized(destination, 0xd9, 0xda, length);

    public static int Bytes(Span<byte> destination, int length) => Sized(destination, 0xc4, 0xc5, length);

    public static int Array(Span<byte> destination, int count) =>
        count < 16 ? Short(destination, 0x90 | count) : Sized(destination, 0, 0xdc, count);

    public static int Map(Span<byte> destination, int pairs) =>
        pairs < 16 ? Short(destination, 0x80 | pairs) : Sized(destination, 0, 0xde, pairs);

    /// <summary>Of a map whose count is in its first byte.</summary>
    public static int PairsOf(byte map) => map & 0x0f;

    /// <summary>Whether the byte begins a map whose count stays in this byte with one pair more.</summary>
    public static bool TakesOneMore(byte first) => (first & 0xf0) == 0x80 && PairsOf(first) < 15;

    public static int Integer(Span<byte> destination, long value)
    {
        if (value >= 0)
        {
            return Unsigned(destination, (ulong)value);
        }

        if (value >= -32)
        {
            return Short(destination, (int)value);
        }

        if (value >= sbyte.MinValue)
        {
            destination[1] = (byte)value;
            return Tagged(destination, 0xd0, 1);
        }

        if (value >= short.MinValue)
        {
            BinaryPrimitives.WriteInt16BigEndian(destination[1..], (short)value);
            return Tagged(destination, 0xd1, 2);
        }

        if (value >= int.MinValue)
        {
            BinaryPrimitives.WriteInt32BigEndian(destination[1..], (int)value);
            return Tagged(destination, 0xd2, 4);
        }

        BinaryPrimitives.WriteInt64BigEndian(destination[1..], value);
        return Tagged(destination, 0xd3, 8);
    }

    public static int Unsigned(Span<byte> destination, ulong value)
    {
        if (value < 128)
        {
            return Short(destination, (int)value);
        }

        if (value <= uint.MaxValue)
        {
            return Sized(destination, 0xcc, 0xcd, (uint)value);
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], value);
        return Tagged(destination, 0xcf, 8);
    }

    /// <param name="value">Finite.</param>
    public static int Float(Span<byte> destination, double value)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination[1..], BitConverter.DoubleToInt64Bits(value));
        return Tagged(destination, 0xcb, 8);
    }

    private static int Sized(Span<byte> destination, byte code8, byte code16, int size) => Sized(destination, code8, code16, (uint)size);

    /// <summary>A size in 1 (unless <paramref name="code8"/> is 0), 2 or 4 bytes; the codes for 2 and 4 are neighbours in every family.</summary>
    private static int Sized(Span<byte> destination, byte code8, byte code16, uint size)
    {
        if (size <= byte.MaxValue && code8 != 0)
        {
            destination[1] = (byte)size;
            return Tagged(destination, code8, 1);
        }

        if (size <= ushort.MaxValue)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[1..], (ushort)size);
            return Tagged(destination, code16, 2);
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], size);
        return Tagged(destination, (byte)(code16 + 1), 4);
    }

    private static int Short(Span<byte> destination, int code)
    {
        destination[0] = (byte)code;
        return 1;
    }

    private static int Tagged(Span<byte> destination, byte code, int size)
    {
        destination[0] = code;
        return 1 + size;
    }
}
