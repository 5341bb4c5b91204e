using System.Buffers;
using System.Runtime.InteropServices;
using Broker.Node.Delivery;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;

namespace Broker.Node.Transports.Echo;

/// <summary>Sends the messages of one echo connection back, compressed where that was negotiated. For its sink's thread.</summary>
internal sealed class EchoReply(ClientConnection connection) : IReply
{
    /// <summary>Up to here a frame is copied among the control frames; a larger one is written from its own array.</summary>
    private const int Copied = 4 * 1024;

    private readonly MessageDeflater? _deflater = connection.Compression?.CreateDeflater(WebSocketRole.Server);

    /// <summary>Sends a batch of one message, and releases it when that has been copied or written.</summary>
    public void Send(MessageBatch batch)
    {
        var opcode = batch.IsBinary ? Opcode.Binary : Opcode.Text;
        if (_deflater is null)
        {
            MemoryMarshal.TryGetArray(batch[0], out var payload);
            Send(opcode, payload, compressed: false, batch.Release);
            return;
        }

        var deflated = new PooledBuffer();
        _deflater.Deflate(batch[0].Span, deflated);
        Send(opcode, deflated.Segment, compressed: true, () =>
        {
            deflated.Dispose();
            batch.Release();
        });
    }

    public void Dispose() => _deflater?.Dispose();

    private void Send(Opcode opcode, ArraySegment<byte> payload, bool compressed, Action written)
    {
        if (payload.Count > Copied)
        {
            var header = new byte[FrameWriter.ServerHeaderLength(payload.Count)];
            FrameWriter.WriteServerHeader(header, opcode, payload.Count, compressed);
            connection.Writer.Send(new LongFrame(header, payload, written));
            return;
        }

        var frame = new ArrayBufferWriter<byte>(payload.Count + FrameWriter.MaxServerHeader);
        FrameWriter.Write(frame, opcode, payload, compressed: compressed);
        connection.Writer.Send(frame.WrittenSpan);
        written();
    }
}
