using System.Buffers;
using System.IO.Compression;

namespace Broker.Protocol.Deflate;

/// <summary>
/// Compresses messages that many connections share (RFC 7692 section 7.2.1), so each without the context of another
/// (<c>server_no_context_takeover</c>). Thread-safe.
/// </summary>
/// <remarks>
/// .NET's deflate cannot be reset, so each call makes a stream: 200 bytes of garbage and a zlib state taken and given back.
/// Everything else is kept per thread.
/// </remarks>
public static class SharedDeflate
{
    [ThreadStatic]
    private static DeflateSink? _sink;

    /// <summary>Writes the payload of a frame whose RSV1 is to be set.</summary>
    /// <param name="payload">The message.</param>
    /// <param name="output">Takes at most a little more than the message has.</param>
    /// <param name="level">Speed against size.</param>
    public static void Deflate(ReadOnlySpan<byte> payload, IBufferWriter<byte> output, CompressionLevel level)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (payload.IsEmpty)
        {
            output.Write(DeflateTail.EmptyMessage);
            return;
        }

        var sink = _sink ??= new DeflateSink();
        using var stream = new DeflateStream(sink, level, leaveOpen: true);
        sink.Begin(output);
        stream.Write(payload);
        stream.Flush();
        sink.End();
    }
}
