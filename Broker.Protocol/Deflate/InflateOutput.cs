using System.Buffers;

namespace Broker.Protocol.Deflate;

/// <summary>
/// What has been inflated of a message, behind what it may refer to of the messages before it, in one pooled array that grows
/// with the bytes there are. Mutable value.
/// </summary>
internal struct InflateOutput
{
    private const int Smallest = 256;
    private byte[]? _bytes;
    private int _start;
    private int _end;

    public readonly ReadOnlySpan<byte> Message => _bytes.AsSpan(_start, _end - _start);

    public readonly int Capacity => _bytes?.Length ?? 0;

    public readonly int Length => _end - _start;

    public void Add(byte literal)
    {
        Reserve(1);
        _bytes![_end++] = literal;
    }

    public void Add(ReadOnlySpan<byte> stored)
    {
        Reserve(stored.Length);
        stored.CopyTo(_bytes.AsSpan(_end));
        _end += stored.Length;
    }

    /// <summary>Repeats <paramref name="length"/> bytes from <paramref name="distance"/> before the end.</summary>
    /// <returns>False: nothing lies so far back.</returns>
    public bool Repeat(int distance, int length)
    {
        if (distance > _end)
        {
            return false;
        }

        Reserve(length);
        var to = _bytes.AsSpan(_end, length);
        var from = _bytes.AsSpan(_end - distance, Math.Min(distance, length));
        _end += length;
        if (distance == 1)
        {
            to.Fill(from[0]);
            return true;
        }

        // What is copied is copied again, twice as much each time.
        from.CopyTo(to);
        for (var done = from.Length; done < length; done *= 2)
        {
            to[..Math.Min(done, length - done)].CopyTo(to[done..]);
        }

        return true;
    }

    /// <summary>Ends the message, and keeps its last bytes for the next one to refer to.</summary>
    /// <param name="window">Most bytes to keep.</param>
    public void End(int window)
    {
        var kept = Math.Min(window, _end);
        if (kept == 0)
        {
            Release();
            return;
        }

        var last = _bytes.AsSpan(_end - kept, kept);
        if (_bytes!.Length > window)
        {
            var smaller = ArrayPool<byte>.Shared.Rent(kept);
            last.CopyTo(smaller);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = smaller;
        }
        else
        {
            last.CopyTo(_bytes);
        }

        _start = _end = kept;
    }

    public void Release()
    {
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        this = default;
    }

    private void Reserve(int count)
    {
        if (_bytes is not null && _bytes.Length - _end >= count)
        {
            return;
        }

        // The pool hands out powers of two, so asking for what is needed doubles.
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Smallest, _end + count));
        _bytes.AsSpan(0, _end).CopyTo(larger);
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
    }
}
