using System.Buffers;

namespace Broker.Node.Delivery;

/// <summary>
/// Bytes on their way to the socket; one object per connection, reused. The array is a log segment, the drainer's scratch
/// (valid until the drain moves on), or rented by <see cref="Keep"/>.
/// </summary>
internal sealed class EgressChunk
{
    private byte[]? _rented;
    private bool _kept;

    public byte[] Array { get; private set; } = [];

    public int Offset { get; private set; }

    public int Length { get; private set; }

    /// <summary>Bytes of the array of its own that it has while it waits.</summary>
    public int Kept => _rented?.Length ?? 0;

    /// <summary>A write of all of it that is under way, or has failed; null: none has begun.</summary>
    public Task? Pending { get; set; }

    public ReadOnlyMemory<byte> Memory => Array.AsMemory(Offset, Length);

    public ReadOnlySpan<byte> Span => Array.AsSpan(Offset, Length);

    /// <param name="array">Where the bytes are.</param>
    /// <param name="offset">Of the first one.</param>
    /// <param name="length">How many.</param>
    /// <param name="kept">The array stays as it is until all of it has been written.</param>
    public void Set(byte[] array, int offset, int length, bool kept = false)
    {
        Release();
        (Array, Offset, Length, _kept) = (array, offset, length, kept);
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
        if (_kept || _rented is not null)
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

        // Nobody waits for it any more: how it ends is of no interest.
        Pending?.ContinueWith(static write => _ = write.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Release();
    }

    public void Release()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
        }

        (Array, Offset, Length, _kept, Pending) = ([], 0, 0, false, null);
    }
}
