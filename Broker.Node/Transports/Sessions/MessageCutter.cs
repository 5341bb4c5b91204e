using System.Buffers;
using System.Buffers.Binary;
using Broker.Node.Delivery;

namespace Broker.Node.Transports.Sessions;

/// <summary>Cuts what a writer sends into the messages of <see cref="LengthFraming"/>; a message may come in parts. Of one thread at a time.</summary>
internal struct MessageCutter
{
    private ArrayBufferWriter<byte>? _part;

    /// <summary>The next whole message.</summary>
    /// <param name="rest">What has not been cut yet; goes on behind the message.</param>
    /// <param name="message">Valid until the next call.</param>
    /// <returns>False: the rest is part of a message, and is kept.</returns>
    public bool TryCut(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> message)
    {
        message = default;
        if (_part is null)
        {
            if (TryMeasure(rest, out var whole) && whole <= rest.Length)
            {
                message = rest[LengthFraming.Header..whole];
                rest = rest[whole..];
                return true;
            }

            if (rest.IsEmpty)
            {
                return false;
            }

            _part = new ArrayBufferWriter<byte>();
        }

        Add(ref rest, LengthFraming.Header);
        if (!TryMeasure(_part.WrittenSpan, out var length))
        {
            return false;
        }

        Add(ref rest, length);
        if (_part.WrittenCount < length)
        {
            return false;
        }

        message = _part.WrittenSpan[LengthFraming.Header..];
        _part = null;
        return true;
    }

    /// <summary>Adds to the part until it has so many bytes.</summary>
    private readonly void Add(ref ReadOnlySpan<byte> rest, int length)
    {
        var count = Math.Clamp(length - _part!.WrittenCount, 0, rest.Length);
        _part.Write(rest[..count]);
        rest = rest[count..];
    }

    private static bool TryMeasure(ReadOnlySpan<byte> bytes, out int length)
    {
        length = bytes.Length < LengthFraming.Header ? 0 : LengthFraming.Header + BinaryPrimitives.ReadInt32BigEndian(bytes);
        return bytes.Length >= LengthFraming.Header;
    }
}
