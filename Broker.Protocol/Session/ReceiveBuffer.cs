using System.Buffers;

namespace Broker.Protocol.Session;

/// <summary>
/// Bytes that had to be kept between reads, in one pooled array. It grows with what was received (by powers of two),
/// never with what a header announced, and holds nothing while empty. Mutable value: never copy it but to detach it.
/// </summary>
internal struct ReceiveBuffer
{
    private byte[]? _array;

    public int Length { get; private set; }

    /// <summary>Bytes of the array.</summary>
    public readonly int Capacity => _array?.Length ?? 0;

    public readonly ReadOnlySpan<byte> Span => _array.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        var needed = Length + bytes.Length;
        if (_array is null || _array.Length < needed)
        {
            // The pool hands out powers of two, so asking for what is needed doubles.
            var grown = ArrayPool<byte>.Shared.Rent(needed);
            Span.CopyTo(grown);
            Return();
            _array = grown;
        }

        bytes.CopyTo(_array.AsSpan(Length));
        Length = needed;
    }

    public void Release()
    {
        Return();
        Length = 0;
    }

    private void Return()
    {
        if (_array is not null)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = null;
        }
    }
}
