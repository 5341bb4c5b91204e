using System.Buffers;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// What one read brought; one object per connection, valid until the reading stage is pulled again. An idle connection
/// holds no array.
/// </summary>
internal sealed class ReceivedBytes
{
    private const int Size = 16 * 1024;

    private byte[]? _array;
    private int _start;
    private int _end;

    public Span<byte> Span => _array.AsSpan(_start, _end - _start);

    /// <summary>Room for the next read.</summary>
    public Memory<byte> Rent() => _array ??= ArrayPool<byte>.Shared.Rent(Size);

    /// <summary>The next read brought <paramref name="count"/> bytes.</summary>
    public void Set(int count) => (_start, _end) = (0, count);

    /// <summary>The first <paramref name="count"/> bytes have been dealt with.</summary>
    public void Skip(int count) => _start += count;

    public void Release()
    {
        if (_array is not null)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = null;
        }

        _start = _end = 0;
    }
}
