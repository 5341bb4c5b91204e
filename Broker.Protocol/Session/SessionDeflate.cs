using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;

namespace Broker.Protocol.Session;

/// <summary>Both contexts of a session with permessage-deflate: the peer's to read, the own to write. Made on first use.</summary>
internal sealed class SessionDeflate(WebSocketRole role, DeflateParameters parameters) : IDisposable
{
    private MessageInflater? _inflater;
    private MessageDeflater? _deflater;
    private bool _disposed;

    public MessageInflater Inflater => _inflater ??= parameters.CreateInflater(role);

    /// <summary>Frames a message, compressed from the threshold on.</summary>
    public void Send(Opcode opcode, ReadOnlySpan<byte> payload, IWebSocketHandler handler)
    {
        if (_disposed || payload.Length < parameters.Threshold)
        {
            FrameSender.Send(role, opcode, payload, handler);
            return;
        }

        using var compressed = new PooledBuffer();
        (_deflater ??= parameters.CreateDeflater(role)).Deflate(payload, compressed);
        FrameSender.Send(role, opcode, compressed.Written, handler, compressed: true);
    }

    public void Dispose()
    {
        _disposed = true;
        _inflater?.Dispose();
        _deflater?.Dispose();
    }
}
