using System.Buffers;
using Broker.Protocol.Frames;

namespace Broker.Node.Delivery;

/// <summary>
/// Builds one whole server frame: the payload is written first, the header then put right before it, so nothing is moved.
/// Reused; grows to the largest frame. Not thread-safe.
/// </summary>
internal sealed class FrameBuffer : IBufferWriter<byte>
{
    [ThreadStatic]
    private static FrameBuffer? _shared;

    private byte[] _bytes = new byte[512];
    private int _end = FrameWriter.MaxServerHeader;

    /// <summary>This thread's buffer, for a frame that is handed on before the caller does anything else.</summary>
    public static FrameBuffer OfThread => (_shared ??= new FrameBuffer()).Clear();

    public FrameBuffer Clear()
    {
        _end = FrameWriter.MaxServerHeader;
        return this;
    }

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0) => Reserve(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => Reserve(sizeHint).Span;

    /// <summary>Bytes written since <see cref="Clear"/>.</summary>
    public int Length => _end - FrameWriter.MaxServerHeader;

    /// <summary>The inside of a frame that one of these has built.</summary>
    public static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> frame) => frame[(frame[1] switch { 126 => 4, 127 => 10, _ => 2 })..];

    /// <summary>The frame around what has been written since <see cref="Clear"/>; valid until the next write.</summary>
    public ReadOnlySpan<byte> Frame(Opcode opcode, bool compressed = false)
    {
        var start = FrameWriter.MaxServerHeader - FrameWriter.ServerHeaderLength(Length);
        FrameWriter.WriteServerHeader(_bytes.AsSpan(start), opcode, Length, compressed);
        return _bytes.AsSpan(start, _end - start);
    }

    private Memory<byte> Reserve(int size)
    {
        if (_bytes.Length - _end < Math.Max(size, 1))
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _end + size));
        }

        return _bytes.AsMemory(_end);
    }
}
