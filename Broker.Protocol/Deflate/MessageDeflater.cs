using System.Buffers;
using System.IO.Compression;

namespace Broker.Protocol.Deflate;

/// <summary>
/// Compresses the messages of one connection (RFC 7692 section 7.2.1). With context takeover it keeps a zlib state of about
/// 270 KiB outside the managed heap from the first message on, without it nothing. Not thread-safe.
/// </summary>
/// <param name="level">Speed against size.</param>
/// <param name="takeover">A message may refer to the ones before it.</param>
public sealed class MessageDeflater(CompressionLevel level, bool takeover) : IDisposable
{
    private readonly DeflateSink? _sink = takeover ? new DeflateSink() : null;
    private DeflateStream? _stream;

    /// <summary>Writes the payload of the next frame whose RSV1 is to be set.</summary>
    public void Deflate(ReadOnlySpan<byte> payload, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (_sink is null || payload.IsEmpty)
        {
            // An empty message neither needs the context nor changes it.
            SharedDeflate.Deflate(payload, output, level);
            return;
        }

        _sink.Begin(output);
        _stream ??= new DeflateStream(_sink, level, leaveOpen: true);
        _stream.Write(payload);
        _stream.Flush();
        _sink.End();
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _sink?.Dispose();
        _stream = null;
    }
}
