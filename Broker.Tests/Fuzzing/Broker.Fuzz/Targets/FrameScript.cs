using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Broker.Protocol.Deflate;

namespace Broker.Fuzz.Targets;

/// <summary>
/// Reads bytes as a list of frames, so that most are sound and a change of one byte makes one thing wrong. A frame is
/// <code>opcode 4 | continue 1 | wrong mask 1 | RSV1 1 | other 1, length kind 8, payload …</code>
/// where the kind is a number of payload bytes that follow (0-199), of repeated bytes (200-239), or a lie; other is RSV2,
/// or with RSV1 a payload that is compressed here.
/// </summary>
internal static class FrameScript
{
    private static readonly ulong[] Lies = [126, 127, 65535, 65536, 1UL << 31, 1UL << 32, 1UL << 62, 1UL << 63, ulong.MaxValue];

    /// <param name="script">The list.</param>
    /// <param name="masked">Whether right frames are masked.</param>
    /// <param name="output">Takes the frames.</param>
    public static void Write(ReadOnlySpan<byte> script, bool masked, ArrayBufferWriter<byte> output)
    {
        Span<byte> runs = stackalloc byte[40 * 10];
        while (script.Length >= 2)
        {
            var (head, kind) = (script[0], script[1]);
            script = script[2..];
            var first = (byte)((head & 0x0F) | ((head & 0x10) != 0 ? 0 : 0x80) | ((head & 0x40) != 0 ? 0x40 : 0) | ((head & 0xC0) == 0x80 ? 0x20 : 0));
            var compress = (head & 0xC0) == 0xC0;
            var mask = masked != ((head & 0x20) != 0);
            if (kind < 200)
            {
                var payload = script[..Math.Min(kind, script.Length)];
                script = script[payload.Length..];
                WritePayload(output, first, mask, payload, compress);
            }
            else if (kind < 240)
            {
                var run = runs[..((kind - 199) * 10)];
                run.Fill(script.IsEmpty ? (byte)'a' : script[0]);
                WritePayload(output, first, mask, run, compress);
            }
            else
            {
                // What is announced does not come, or is not said in the shortest form.
                WriteFrame(output, first, mask, kind == 255 ? 5 : Lies[kind % Lies.Length], [], kind is 254 or 255);
            }
        }

        // What is left over is the start of a frame that never ends.
        output.Write(script);
    }

    private static void WritePayload(ArrayBufferWriter<byte> output, byte first, bool masked, ReadOnlySpan<byte> payload, bool compress)
    {
        if (compress)
        {
            var compressed = new ArrayBufferWriter<byte>();
            SharedDeflate.Deflate(payload, compressed, CompressionLevel.Fastest);
            payload = compressed.WrittenSpan;
        }

        WriteFrame(output, first, masked, (ulong)payload.Length, payload);
    }

    public static void WriteFrame(ArrayBufferWriter<byte> output, byte first, bool masked, ulong length, ReadOnlySpan<byte> payload, bool tooLong = false)
    {
        var span = output.GetSpan(14 + payload.Length);
        span[0] = first;
        var bit = (byte)(masked ? 0x80 : 0);
        var at = 2;
        if (length < 126 && !tooLong)
        {
            span[1] = (byte)(bit | (byte)length);
        }
        else if (length < 65536)
        {
            span[1] = (byte)(bit | 126);
            BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)length);
            at = 4;
        }
        else
        {
            span[1] = (byte)(bit | 127);
            BinaryPrimitives.WriteUInt64BigEndian(span[2..], length);
            at = 10;
        }

        ReadOnlySpan<byte> mask = masked ? [0x37, 0xFA, 0x21, 0x3D] : [0, 0, 0, 0];
        if (masked)
        {
            mask.CopyTo(span[at..]);
            at += 4;
        }

        for (var i = 0; i < payload.Length; i++)
        {
            span[at + i] = (byte)(payload[i] ^ mask[i & 3]);
        }

        output.Advance(at + payload.Length);
    }
}
