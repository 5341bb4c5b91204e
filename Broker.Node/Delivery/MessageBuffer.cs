using System.Buffers;

namespace Broker.Node.Delivery;

/// <summary>
/// Takes a message as it is encoded, with room before it for what a transport puts around it, so nothing is moved. Reused; grows
/// to the largest message. Not thread-safe.
/// </summary>
internal sealed class MessageBuffer : IBufferWriter<byte>
{
    /// <summary>Bytes of the longest header.</summary>
    public const int Room = 10;

    [ThreadStatic]
    private static MessageBuffer? _shared;

    private byte[] _bytes = new byte[512];
    private int _end = Room;

    /// <summary>This thread's buffer, for a message that is handed on before the caller does anything else.</summary>
    public static MessageBuffer OfThread => (_shared ??= new MessageBuffer()).Clear();

    public MessageBuffer Clear()
    {
        _end = Room;
        return this;
    }

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0) => Reserve(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => Reserve(sizeHint).Span;

    /// <summary>Bytes written since <see cref="Clear"/>.</summary>
    public int Length => _end - Room;

    /// <summary>What has been written since <see cref="Clear"/>; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(Room, Length);

    /// <summary>What has been written, behind a header that is put right before it; valid until the next write.</summary>
    /// <param name="header">At most <see cref="Room"/> bytes.</param>
    public ReadOnlySpan<byte> Behind(scoped ReadOnlySpan<byte> header)
    {
        var start = Room - header.Length;
        header.CopyTo(_bytes.AsSpan(start));
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
