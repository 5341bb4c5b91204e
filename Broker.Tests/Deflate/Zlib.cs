using System.Buffers;
using System.IO.Compression;

namespace Broker.Tests.Deflate;

/// <summary>Compressed messages as zlib makes and reads them, without the code under test.</summary>
internal static class Zlib
{
    private static readonly byte[] Tail = [0x00, 0x00, 0xFF, 0xFF];

    /// <summary>One message without context (RFC 7692 section 7.2.1).</summary>
    public static byte[] Deflate(byte[] message, CompressionLevel level = CompressionLevel.Optimal) => Assert.Single(DeflateAll([message], level));

    /// <summary>Messages that share one context; none is empty.</summary>
    public static List<byte[]> DeflateAll(IEnumerable<byte[]> messages, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var sink = new MemoryStream();
        using var stream = new DeflateStream(sink, level, leaveOpen: true);
        var result = new List<byte[]>();
        foreach (var message in messages)
        {
            sink.SetLength(0);
            stream.Write(message);
            stream.Flush();
            var bytes = sink.ToArray();
            Assert.True(bytes.AsSpan().EndsWith(Tail));
            result.Add(bytes[..^4]);
        }

        return result;
    }

    /// <summary>What a peer with one context for all messages reads.</summary>
    public static List<byte[]> InflateAll(IEnumerable<byte[]> payloads)
    {
        using var source = new MemoryStream();
        using var stream = new DeflateStream(source, CompressionMode.Decompress);
        var result = new List<byte[]>();
        foreach (var payload in payloads)
        {
            source.SetLength(0);
            source.Write(payload);
            source.Write(Tail);
            source.Position = 0;
            using var message = new MemoryStream();
            stream.CopyTo(message);
            result.Add(message.ToArray());
        }

        return result;
    }

    public static byte[] Inflate(byte[] payload) => Assert.Single(InflateAll([payload]));

    public static byte[] Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
