using System.Buffers.Binary;
using System.Text;

namespace Broker.Tests.Support;

/// <summary>Builds frames byte by byte, right and wrong ones, without the code under test.</summary>
internal static class TestFrame
{
    /// <summary>The mask of RFC 6455 section 5.7.</summary>
    public static readonly byte[] Mask = [0x37, 0xFA, 0x21, 0x3D];

    /// <param name="opcode">0 to 15.</param>
    /// <param name="payload">Not masked.</param>
    /// <param name="fin">The FIN bit.</param>
    /// <param name="rsv">RSV1-3 as 4, 2, 1.</param>
    /// <param name="masked">Whether the mask bit, key and masking are there.</param>
    /// <param name="lengthBytes">0, 2 or 8 extended length bytes; null: minimal.</param>
    /// <param name="announced">Length to write instead of the payload's.</param>
    public static byte[] Build(
        int opcode, ReadOnlySpan<byte> payload, bool fin = true, int rsv = 0, bool masked = true, int? lengthBytes = null, ulong? announced = null)
    {
        var length = announced ?? (ulong)payload.Length;
        var extended = lengthBytes ?? (length < 126 ? 0 : length < 65536 ? 2 : 8);
        var head = 2 + extended + (masked ? Mask.Length : 0);
        var frame = new byte[head + payload.Length];
        frame[0] = (byte)((fin ? 0x80 : 0) | (rsv << 4) | opcode);
        frame[1] = (byte)((masked ? 0x80 : 0) | extended switch { 0 => (int)(byte)length, 2 => 126, _ => 127 });
        switch (extended)
        {
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)length);
                break;
            case 8:
                BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(2), length);
                break;
        }

        var body = frame.AsSpan(head);
        payload.CopyTo(body);
        if (masked)
        {
            Mask.CopyTo(frame.AsSpan(head - Mask.Length));
            for (var i = 0; i < body.Length; i++)
            {
                body[i] ^= Mask[i & 3];
            }
        }

        return frame;
    }

    public static byte[] Text(string text, bool fin = true, bool masked = true) => Build(1, Encoding.UTF8.GetBytes(text), fin, masked: masked);

    public static byte[] Close(int code, string reason = "", bool masked = true) =>
        Build(8, [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)], masked: masked);
}
