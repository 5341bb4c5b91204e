using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Broker.Protocol.Frames;

/// <summary>Writes frames (RFC 6455 section 5.2), lengths in their minimal form. Pure and thread-safe.</summary>
public static class FrameWriter
{
    /// <summary>Bytes of the longest header a server writes.</summary>
    public const int MaxServerHeader = 10;

    /// <summary>Bytes of the longest control frame without a mask: header and 125 bytes (section 5.5).</summary>
    public const int MaxServerControl = 2 + MaxControlPayload;

    internal const int MaxControlPayload = 125;

    /// <summary>Bytes of the header <see cref="WriteServerHeader"/> writes: 2, 4 or 10.</summary>
    public static int ServerHeaderLength(int payloadLength) => payloadLength switch
    {
        < 126 => 2,
        < 65536 => 4,
        _ => MaxServerHeader,
    };

    /// <summary>Writes the header of an unmasked whole message or control frame and returns its length.</summary>
    /// <param name="destination">At least <see cref="MaxServerHeader"/> bytes, or what <see cref="ServerHeaderLength"/> says.</param>
    /// <param name="opcode">The frame's kind.</param>
    /// <param name="payloadLength">Bytes that follow.</param>
    /// <param name="compressed">Sets RSV1: the payload is a message compressed as RFC 7692 section 7.2.1 has it.</param>
    public static int WriteServerHeader(Span<byte> destination, Opcode opcode, int payloadLength, bool compressed = false) =>
        WriteHeader(destination, First(opcode, true, compressed), payloadLength, 0);

    /// <summary>Writes one frame.</summary>
    /// <param name="output">Takes the bytes.</param>
    /// <param name="opcode">The frame's kind.</param>
    /// <param name="payload">The payload, not masked.</param>
    /// <param name="mask">A client's key bytes in memory order; null for a server's frame.</param>
    /// <param name="fin">False for all but the last fragment.</param>
    /// <param name="compressed">Sets RSV1: the first frame of a message compressed as RFC 7692 section 7.2.1 has it.</param>
    /// <exception cref="ArgumentException">A control frame over 125 bytes or without FIN.</exception>
    public static void Write(
        IBufferWriter<byte> output, Opcode opcode, ReadOnlySpan<byte> payload, uint? mask = null, bool fin = true, bool compressed = false)
    {
        ArgumentNullException.ThrowIfNull(output);
        if ((byte)opcode >= 8 && (!fin || payload.Length > MaxControlPayload))
        {
            throw new ArgumentException("A control frame has at most 125 bytes and is not fragmented.", nameof(payload));
        }

        var size = FrameLength(payload.Length, mask is not null);
        Write(output.GetSpan(size), opcode, payload, mask, fin, compressed);
        output.Advance(size);
    }

    /// <summary>Writes a server's close frame and returns its length, at most <see cref="MaxServerControl"/>.</summary>
    /// <param name="destination">At least <see cref="MaxServerControl"/> bytes.</param>
    /// <param name="code">A code that may be sent, or <see cref="CloseCode.NoStatusReceived"/> for a frame without one.</param>
    /// <param name="reason">Cut to 123 bytes of UTF-8 at a code point; not written without a code.</param>
    public static int WriteClose(Span<byte> destination, CloseCode code, string reason)
    {
        Span<byte> payload = stackalloc byte[MaxControlPayload];
        return Write(destination, Opcode.Close, payload[..ClosePayload.Write(payload, code, reason)], null, true);
    }

    internal static int FrameLength(int payloadLength, bool masked) => ServerHeaderLength(payloadLength) + payloadLength + (masked ? 4 : 0);

    internal static int Write(Span<byte> destination, Opcode opcode, ReadOnlySpan<byte> payload, uint? mask, bool fin, bool compressed = false)
    {
        var header = WriteHeader(destination, First(opcode, fin, compressed), payload.Length, mask is null ? 0 : 0x80);
        if (mask is { } key)
        {
            MemoryMarshal.Write(destination[header..], key);
            header += 4;
        }

        var body = destination.Slice(header, payload.Length);
        payload.CopyTo(body);
        if (mask is { } again)
        {
            Masking.Apply(body, again, 0);
        }

        return header + payload.Length;
    }

    private static byte First(Opcode opcode, bool fin, bool compressed) => (byte)((fin ? 0x80 : 0) | (compressed ? 0x40 : 0) | (byte)opcode);

    private static int WriteHeader(Span<byte> destination, byte first, int payloadLength, int maskBit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        destination[0] = first;
        if (payloadLength < 126)
        {
            destination[1] = (byte)(maskBit | payloadLength);
            return 2;
        }

        if (payloadLength < 65536)
        {
            destination[1] = (byte)(maskBit | 126);
            BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payloadLength);
            return 4;
        }

        destination[1] = (byte)(maskBit | 127);
        BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payloadLength);
        return 10;
    }
}
