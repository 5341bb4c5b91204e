using System.Buffers;

namespace Broker.Node.Delivery;

/// <summary>
/// The messages of one read, in one rented array. Counted: the array goes back, and the connection may read on, when
/// everyone who took a message out of it has released it. Filled by one thread, then handed on.
/// </summary>
internal sealed class MessageBatch(IBatchOwner owner)
{
    private byte[]? _bytes;
    private int _length;
    private int[] _ends = new int[4];
    private int _references = 1;

    public int Count { get; private set; }

    /// <summary>The last message is no text, for a transport that knows both.</summary>
    public bool IsBinary { get; set; }

    /// <summary>Bytes of all messages.</summary>
    public int Length => _length;

    /// <summary>A message; valid until the last <see cref="Release"/>.</summary>
    public ReadOnlyMemory<byte> this[int index]
    {
        get
        {
            var start = index == 0 ? 0 : _ends[index - 1];
            return _bytes.AsMemory(start, _ends[index] - start);
        }
    }

    public void Add(ReadOnlySpan<byte> message)
    {
        if (_bytes is null || _bytes.Length - _length < message.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(256, _length + Math.Max(_length, message.Length)));
            _bytes?.AsSpan(0, _length).CopyTo(larger);
            ReturnArray();
            _bytes = larger;
        }

        if (Count == _ends.Length)
        {
            Array.Resize(ref _ends, Count * 2);
        }

        message.CopyTo(_bytes.AsSpan(_length));
        _length += message.Length;
        _ends[Count++] = _length;
    }

    /// <summary>Somebody beside its first holder has taken a message out of it.</summary>
    public bool IsShared => Volatile.Read(ref _references) > 1;

    /// <summary>Another holder; its <see cref="Release"/> is due.</summary>
    public void Retain() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            ReturnArray();
            owner.OnTaken(_length);
        }
    }

    private void ReturnArray()
    {
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = null;
        }
    }
}
