using System.Buffers.Binary;
using System.IO.Compression;

namespace Broker.Tests.Support;

/// <summary>Compresses the messages of one side of a connection as RFC 7692 section 7.2.1 has it, without the code under test.</summary>
/// <param name="takeover">A message may refer to those before it.</param>
/// <param name="stored">Writes blocks that refer to nothing, for windows that <see cref="DeflateStream"/> cannot be kept in.</param>
internal sealed class RawDeflater(bool takeover = true, bool stored = false) : IDisposable
{
    private readonly MemoryStream _output = new();
    private DeflateStream? _deflate;

    public byte[] Compress(ReadOnlySpan<byte> message)
    {
        // Section 7.2.3.6: an empty message is one empty block, of which only its first byte is left.
        if (message.IsEmpty)
        {
            return [0];
        }

        if (stored)
        {
            return Stored(message);
        }

        _deflate ??= new DeflateStream(_output, CompressionLevel.Fastest, leaveOpen: true);
        _deflate.Write(message);
        _deflate.Flush();
        var bytes = Take();
        if (!takeover)
        {
            Reset();
        }

        Assert.Equal([0, 0, 0xFF, 0xFF], bytes[^4..]);
        return bytes[..^4];
    }

    /// <summary>A message whose last block is marked as the last (section 7.2.3.4), which the tail of section 7.2.1 does not follow.</summary>
    public static byte[] CompressFinal(ReadOnlySpan<byte> message)
    {
        using var output = new MemoryStream();
        using (var deflate = new DeflateStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(message);
        }

        // "The message is followed by a byte 0x00": an empty block that is not the last, cut as always.
        return [.. output.ToArray(), 0];
    }

    public void Dispose()
    {
        Reset();
        _output.Dispose();
    }

    private static byte[] Stored(ReadOnlySpan<byte> message)
    {
        using var output = new MemoryStream();
        Span<byte> head = stackalloc byte[5];
        for (var rest = message; !rest.IsEmpty;)
        {
            var length = Math.Min(rest.Length, ushort.MaxValue);
            head[0] = 0;
            BinaryPrimitives.WriteUInt16LittleEndian(head[1..], (ushort)length);
            BinaryPrimitives.WriteUInt16LittleEndian(head[3..], (ushort)~length);
            output.Write(head);
            output.Write(rest[..length]);
            rest = rest[length..];
        }

        output.WriteByte(0);
        return output.ToArray();
    }

    private byte[] Take()
    {
        var bytes = _output.ToArray();
        _output.SetLength(0);
        return bytes;
    }

    private void Reset()
    {
        _deflate?.Dispose();
        _deflate = null;
        _output.SetLength(0);
    }
}
