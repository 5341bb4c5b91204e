using System.Buffers.Binary;
using System.Text;

namespace Broker.Rooms.Hosting;

/// <summary>Reads the parts of a snapshot; see <see cref="SnapshotCodec"/>. What is not of its form makes it fail, and everything that it says from then on is empty.</summary>
internal ref struct SnapshotReader
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest;

    public SnapshotReader(ReadOnlySpan<byte> bytes)
    {
        _rest = bytes;
        HasFailed = false;
    }

    public bool HasFailed { get; private set; }

    /// <summary>Everything was of its form, and nothing is left.</summary>
    public readonly bool IsWhole => !HasFailed && _rest.IsEmpty;

    /// <param name="highest">That it may be.</param>
    public byte Byte(byte highest = byte.MaxValue)
    {
        var value = Take(1) is [var one] ? one : (byte)0;
        HasFailed |= value > highest;
        return HasFailed ? (byte)0 : value;
    }

    public bool Flag() => Byte(1) == 1;

    public long Number()
    {
        var value = 0UL;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return HasFailed ? 0 : (long)value;
            }
        }

        HasFailed = true;
        return 0;
    }

    /// <summary>A number of things.</summary>
    public int Count()
    {
        var value = Number();
        HasFailed |= value > int.MaxValue;
        return HasFailed ? 0 : (int)value;
    }

    public ulong Bits() => Take(8) is { IsEmpty: false } value ? BinaryPrimitives.ReadUInt64LittleEndian(value) : 0;

    public TimeSpan Time() => new(Number());

    public byte[] Bytes() => Take(Count()).ToArray();

    public string Text()
    {
        try
        {
            return Strict.GetString(Take(Count()));
        }
        catch (DecoderFallbackException)
        {
            HasFailed = true;
            return "";
        }
    }

    public string? OptionalText() => Flag() ? Text() : null;

    public RoomData Data()
    {
        var format = (DataFormat)Byte((byte)DataFormat.MessagePack);
        return format == DataFormat.Json ? RoomData.Json(Bytes()) : RoomData.MessagePack(Bytes());
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (HasFailed || _rest.Length < count)
        {
            HasFailed = true;
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
