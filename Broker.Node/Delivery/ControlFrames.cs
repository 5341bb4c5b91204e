namespace Broker.Node.Delivery;

/// <summary>
/// Whole frames that wait to be written before any push: pongs, replies, and last the close frame. Any thread adds; the holder
/// of the writer takes. The lock is held for a copy, never over a socket call.
/// </summary>
internal sealed class ControlFrames
{
    private const int Small = 512;

    /// <summary>Bytes that may wait before a pong takes the place of the one before it; 32 of the longest.</summary>
    internal const int PongRoom = 4 * 1024;

    private readonly Lock _gate = new();
    private byte[]? _bytes;
    private int _start;
    private int _end;
    private int _pongStart = -1;
    private int _pongEnd;
    private bool _closed;
    private bool _promised;

    /// <summary>Bytes that wait.</summary>
    public int Length => Volatile.Read(ref _end) - Volatile.Read(ref _start);

    /// <summary>The last frame has been added: nothing is any more.</summary>
    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Adds a frame. A full fence.</summary>
    /// <param name="frame">All of it.</param>
    /// <param name="last">Nothing is added after it.</param>
    /// <param name="promises">It acknowledges something.</param>
    /// <returns>How <see cref="Length"/> has changed, in <see cref="HeldSteps"/>.</returns>
    public int Add(ReadOnlySpan<byte> frame, bool last, bool promises = false)
    {
        int change;
        lock (_gate)
        {
            var before = _end - _start;
            Append(frame);
            _closed |= last;
            _promised |= promises;
            change = HeldSteps.Between(before, _end - _start);
        }

        Interlocked.MemoryBarrier();
        return change;
    }

    /// <summary>
    /// As <see cref="Add"/>. Where <see cref="PongRoom"/> is full, one that still waits is replaced (RFC 6455 section 5.5.3), so
    /// that a peer which does not read bounds what is kept for it.
    /// </summary>
    public int AddPong(ReadOnlySpan<byte> frame)
    {
        int change;
        lock (_gate)
        {
            var before = _end - _start;
            var full = _end - _start + frame.Length > PongRoom;
            if (full && _pongStart >= _start && _pongEnd == _end && !_closed)
            {
                Volatile.Write(ref _end, _pongStart);
            }

            Append(frame);
            (_pongStart, _pongEnd) = _closed ? (-1, -1) : (_end - frame.Length, _end);
            change = HeldSteps.Between(before, _end - _start);
        }

        Interlocked.MemoryBarrier();
        return change;
    }

    /// <summary>Holder only: takes as much as fits.</summary>
    /// <param name="destination">Takes the bytes.</param>
    /// <param name="drained">Something was taken and nothing is left.</param>
    /// <param name="promised">What was taken may acknowledge something.</param>
    /// <param name="change">How <see cref="Length"/> has changed, in <see cref="HeldSteps"/>.</param>
    public int Take(Span<byte> destination, out bool drained, out bool promised, out int change)
    {
        (drained, promised, change) = (false, false, 0);
        if (Length == 0 || destination.IsEmpty)
        {
            return 0;
        }

        lock (_gate)
        {
            var count = Math.Min(destination.Length, _end - _start);
            _bytes.AsSpan(_start, count).CopyTo(destination);
            change = HeldSteps.Between(_end - _start, _end - _start - count);
            _start += count;
            drained = _start == _end;
            promised = _promised;
            if (drained)
            {
                _promised = false;

                // A connection that talks keeps a small buffer; a burst's large one is let go.
                _bytes = _bytes!.Length > Small ? null : _bytes;
                _start = _end = 0;
            }

            _pongStart = -1;
            return count;
        }
    }

    /// <summary>Drops what waits, and what is still added.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            (_bytes, _start, _end) = (null, 0, 0);
        }
    }

    private void Append(ReadOnlySpan<byte> frame)
    {
        if (_closed)
        {
            return;
        }

        if (_bytes is null || _bytes.Length - _end < frame.Length)
        {
            var pending = _end - _start;
            var larger = new byte[Math.Max(Small, 2 * (pending + frame.Length))];
            _bytes?.AsSpan(_start, pending).CopyTo(larger);
            (_pongStart, _pongEnd) = (_pongStart - _start, _pongEnd - _start);
            (_bytes, _start, _end) = (larger, 0, pending);
        }

        frame.CopyTo(_bytes.AsSpan(_end));
        Volatile.Write(ref _end, _end + frame.Length);
    }
}
