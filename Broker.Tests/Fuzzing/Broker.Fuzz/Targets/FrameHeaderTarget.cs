using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Broker.Fuzz.Engine;
using Broker.Protocol.Frames;

namespace Broker.Fuzz.Targets;

/// <summary>Frame headers against a second reading of RFC 6455 section 5.2, for every prefix; sound ones are written again and compared.</summary>
internal sealed class FrameHeaderTarget : FuzzTarget
{
    public override string Name => "frame-header";

    public override int MaxLength => 32;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        Tokens("\u0081", "\u0082", "\u0088", "\u0089", "\u00c1", "\u0001", "\u0000", "\u00fe", "\u007e", "\u00ff", "\u007f", "\u0000\u007e", "\u0000\u007d", "\u0080\0\0\0\0\0\0\0", "\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff");

    public override void Run(ReadOnlySpan<byte> input)
    {
        Read(input, deflate: false);
        Read(input, deflate: true);
    }

    private static void Read(ReadOnlySpan<byte> input, bool deflate)
    {
        var decided = false;
        FrameHeader first = default;
        var firstStatus = FrameHeaderStatus.NeedMore;
        for (var length = 1; length <= input.Length; length++)
        {
            var status = FrameHeader.Read(input[..length], out var header, deflate);
            Promise.Holds(status == Expected(input[..length], deflate), $"{status} for {length} bytes");
            if (decided)
            {
                Promise.Holds(status == firstStatus && (status == FrameHeaderStatus.Invalid || header == first), "more bytes change the header");
            }
            else if (status != FrameHeaderStatus.NeedMore)
            {
                (decided, first, firstStatus) = (true, header, status);
                Promise.Holds(status == FrameHeaderStatus.Invalid || length == header.Size, $"complete with {length} bytes, not {header.Size}");
            }
        }

        if (firstStatus == FrameHeaderStatus.Complete)
        {
            WriteAgain(input, first);
        }
    }

    private static FrameHeaderStatus Expected(ReadOnlySpan<byte> bytes, bool deflate)
    {
        var opcode = bytes[0] & 15;
        if (((bytes[0] & 0x70) != 0 && !(deflate && (bytes[0] & 0x70) == 0x40 && opcode is 1 or 2)) || opcode is not (0 or 1 or 2 or 8 or 9 or 10) || (opcode >= 8 && bytes[0] < 0x80))
        {
            return FrameHeaderStatus.Invalid;
        }

        if (bytes.Length == 1)
        {
            return FrameHeaderStatus.NeedMore;
        }

        var extended = (bytes[1] & 127) switch { 126 => 2, 127 => 8, _ => 0 };
        if (extended > 0 && opcode >= 8)
        {
            return FrameHeaderStatus.Invalid;
        }

        if (bytes.Length < 2 + extended)
        {
            return FrameHeaderStatus.NeedMore;
        }

        var length = 0UL;
        foreach (var part in bytes.Slice(2, extended))
        {
            length = (length << 8) | part;
        }

        var minimal = extended switch { 2 => length > 125, 8 => length > 65535, _ => true };
        return !minimal || length > long.MaxValue ? FrameHeaderStatus.Invalid
            : bytes.Length < 2 + extended + ((bytes[1] & 0x80) != 0 ? 4 : 0) ? FrameHeaderStatus.NeedMore
            : FrameHeaderStatus.Complete;
    }

    private static void WriteAgain(ReadOnlySpan<byte> input, in FrameHeader header)
    {
        if (header.Length > 1024)
        {
            // Only the header: there is no such payload here.
            Promise.Holds(header.Length > 65535 || BinaryPrimitives.ReadUInt16BigEndian(input[2..]) == header.Length, "another length");
            return;
        }

        Span<byte> payload = stackalloc byte[(int)header.Length];
        Span<byte> frame = stackalloc byte[FrameHeader.MaxSize + (int)header.Length];
        var written = FrameWriter.Write(frame, header.Opcode, payload, header.Masked ? header.Mask : null, header.Fin, header.Compressed);
        Promise.Holds(written == header.Size + header.Length && frame[..header.Size].SequenceEqual(input[..header.Size]), "a header written again is not the same");
        Span<byte> mask = stackalloc byte[4];
        MemoryMarshal.Write(mask, header.Mask);
        for (var i = 0; i < payload.Length; i++)
        {
            Promise.Holds(frame[header.Size + i] == (header.Masked ? mask[i & 3] : 0), "wrongly masked");
        }
    }
}
