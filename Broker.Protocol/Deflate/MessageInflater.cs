namespace Broker.Protocol.Deflate;

/// <summary>
/// Inflates the messages of one connection (RFC 7692 section 7.2.2) as their bytes come, and stops at a limit. Between messages
/// it holds nothing, or with context takeover the last bytes, at most the window. Not thread-safe.
/// </summary>
/// <param name="windowBits">The peer's window, 8 to 15: what it may refer to, also within a message.</param>
/// <param name="takeover">A message may refer to the ones before it.</param>
public sealed class MessageInflater(int windowBits, bool takeover) : IDisposable
{
    private readonly int _window = 1 << windowBits;
    private BlockInflater? _blocks;
    private InflateOutput _output;
    private bool _disposed;

    /// <summary>What has been inflated of the present message; valid until the next call.</summary>
    public ReadOnlySpan<byte> Message => _output.Message;

    /// <summary>Bytes of the array that it is kept in, with what the next message may refer to.</summary>
    public int Capacity => _output.Capacity;

    /// <summary>Adds the next bytes of the present message, or the first ones of a new one. After a fault the message is of no use.</summary>
    /// <param name="payload">Unmasked.</param>
    /// <param name="limit">Most bytes the message may have.</param>
    public InflateStatus Append(ReadOnlySpan<byte> payload, int limit) =>
        (_blocks ??= BlockInflater.Rent()).Inflate(payload, ref _output, limit, _window);

    /// <summary>No more bytes of the message come: takes the four that are never sent.</summary>
    /// <param name="limit">As before.</param>
    public InflateStatus Finish(int limit)
    {
        var status = Append(DeflateTail.Bytes, limit);
        return status == InflateStatus.Done && !_blocks!.IsAtBoundary ? InflateStatus.Invalid : status;
    }

    /// <summary>Drops the message, but for what the next one may refer to.</summary>
    public void EndMessage()
    {
        _blocks?.Return();
        _blocks = null;
        _output.End(takeover && !_disposed ? _window : 0);
    }

    /// <summary>Gives everything back; inside a message, when that ends.</summary>
    public void Dispose()
    {
        _disposed = true;
        if (_blocks is null)
        {
            _output.Release();
        }
    }
}

/// <summary>How far inflating came.</summary>
public enum InflateStatus : byte
{
    /// <summary>All of the input has been taken.</summary>
    Done,

    /// <summary>What was inflated fills the limit, and there is more.</summary>
    TooBig,

    /// <summary>No deflate stream looks so, or it ends too early. What came before the fault has been inflated.</summary>
    Invalid,
}
