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
        var frame = new List<byte> { (byte)((fin ? 0x80 : 0) | (rsv << 4) | opcode) };
        var maskBit = masked ? 0x80 : 0;
        switch (lengthBytes ?? (length < 126 ? 0 : length < 65536 ? 2 : 8))
        {
            case 0:
                frame.Add((byte)(maskBit | (byte)length));
                break;
            case 2:
                frame.AddRange([(byte)(maskBit | 126), (byte)(length >> 8), (byte)length]);
                break;
            default:
                var bytes = new byte[8];
                BinaryPrimitives.WriteUInt64BigEndian(bytes, length);
                frame.Add((byte)(maskBit | 127));
                frame.AddRange(bytes);
                break;
        }

        if (masked)
        {
            frame.AddRange(Mask);
        }

        for (var i = 0; i < payload.Length; i++)
        {
            frame.Add((byte)(payload[i] ^ (masked ? Mask[i % 4] : 0)));
        }

        return [.. frame];
    }

    public static byte[] Text(string text, bool fin = true, bool masked = true) => Build(1, Encoding.UTF8.GetBytes(text), fin, masked: masked);

    public static byte[] Close(int code, string reason = "", bool masked = true) =>
        Build(8, [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)], masked: masked);
}
