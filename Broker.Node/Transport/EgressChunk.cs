using System.Buffers;

namespace Broker.Node.Transport;

/// <summary>
/// Bytes on their way to the socket; one object per connection, reused. The array is a log segment, the drainer's scratch
/// (valid until the drain moves on), or rented by <see cref="Keep"/>.
/// </summary>
internal sealed class EgressChunk
{
    private byte[]? _rented;

    public byte[] Array { get; private set; } = [];

    public int Offset { get; private set; }

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => Array.AsMemory(Offset, Length);

    public ReadOnlySpan<byte> Span => Array.AsSpan(Offset, Length);

    public void Set(byte[] array, int offset, int length)
    {
        Release();
        (Array, Offset, Length) = (array, offset, length);
    }

    /// <summary>The first <paramref name="count"/> bytes have been written.</summary>
    public void Advance(int count)
    {
        Offset += count;
        Length -= count;
    }

    /// <summary>Makes what is left outlive the drain.</summary>
    public void Keep()
    {
        if (_rented is not null)
        {
            return;
        }

        var copy = ArrayPool<byte>.Shared.Rent(Length);
        Span.CopyTo(copy);
        (_rented, Array, Offset) = (copy, copy, 0);
    }

    /// <summary>As <see cref="Release"/>, but a send still under way may read the array: it never goes back, the collector takes it.</summary>
    public void Abandon()
    {
        _rented = null;
        Release();
    }

    public void Release()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }

        (Array, Offset, Length) = ([], 0, 0);
    }
}
