using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Broker.Protocol.Frames;

/// <summary>The header of one frame.</summary>
/// <param name="Fin">Last fragment of its message.</param>
/// <param name="Opcode">Never a reserved value.</param>
/// <param name="Masked">A mask follows the length.</param>
/// <param name="Mask">The four key bytes in memory order.</param>
/// <param name="Size">Bytes of the header, 2 to 14.</param>
/// <param name="Length">Bytes of the payload; -1 while the bytes do not say it.</param>
/// <param name="Compressed">RSV1: the first frame of a compressed message (RFC 7692 section 6).</param>
internal readonly record struct FrameHeader(bool Fin, Opcode Opcode, bool Masked, uint Mask, int Size, long Length, bool Compressed)
{
    public const int MaxSize = 14;

    public bool IsControl => (byte)Opcode >= 8;

    /// <summary>
    /// Reads the header at the start of <paramref name="bytes"/>, which are more than none:
    /// <code>FIN 1 | RSV 3 | opcode 4 | MASK 1 | length 7 [+ 16 | + 64] | [mask 32]</code>
    /// Invalid (always 1002) as soon as the bytes show it; NeedMore may already tell the length.
    /// </summary>
    /// <param name="bytes">The frame's first bytes.</param>
    /// <param name="header">What they say.</param>
    /// <param name="deflate">Whether permessage-deflate was negotiated.</param>
    public static FrameHeaderStatus Read(ReadOnlySpan<byte> bytes, out FrameHeader header, bool deflate = false)
    {
        var first = bytes[0];
        var opcode = (Opcode)(first & 0x0F);
        var fin = (first & 0x80) != 0;
        var rsv = first & 0x70;
        var compressed = rsv == 0x40 && deflate && opcode is (Opcode.Text or Opcode.Binary);
        header = new FrameHeader(fin, opcode, false, 0, 2, -1, compressed);

        // RFC 6455 section 5.2: RSV bits MUST be 0 unless an extension defines them; reserved opcodes fail the
        // connection. Section 5.5: control frames MUST NOT be fragmented. RFC 7692 section 6.1: RSV1 stands on the first
        // frame of a data message only.
        if ((rsv != 0 && !compressed) || ((byte)opcode & 7) > 2 || ((byte)opcode >= 8 && !fin))
        {
            return FrameHeaderStatus.Invalid;
        }

        return bytes.Length < 2 ? FrameHeaderStatus.NeedMore : ReadLength(bytes, ref header);
    }

    private static FrameHeaderStatus ReadLength(ReadOnlySpan<byte> bytes, ref FrameHeader header)
    {
        var masked = (bytes[1] & 0x80) != 0;
        long length = bytes[1] & 0x7F;
        var size = 2;
        if (length >= 126)
        {
            // Section 5.5: control frames MUST have a payload length of 125 bytes or less.
            if (header.IsControl)
            {
                return FrameHeaderStatus.Invalid;
            }

            size = length == 126 ? 4 : 10;
            if (bytes.Length < size)
            {
                return FrameHeaderStatus.NeedMore;
            }

            length = size == 4 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) : BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);

            // Section 5.2: the minimal number of bytes MUST be used, and the most significant bit MUST be 0.
            if (length < (size == 4 ? 126 : 65536))
            {
                return FrameHeaderStatus.Invalid;
            }
        }

        var maskAt = size;
        size += masked ? 4 : 0;
        var complete = bytes.Length >= size;
        var mask = masked && complete ? MemoryMarshal.Read<uint>(bytes[maskAt..]) : 0;
        header = header with { Masked = masked, Mask = mask, Size = size, Length = length };
        return complete ? FrameHeaderStatus.Complete : FrameHeaderStatus.NeedMore;
    }
}

internal enum FrameHeaderStatus
{
    NeedMore,
    Complete,
    Invalid,
}
