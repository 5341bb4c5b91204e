using System.Buffers;
using System.Diagnostics;

namespace Broker.Protocol.Deflate;

/// <summary>
/// Where a deflate stream writes: passes bytes on to the present output but for the last four, which end every flushed message
/// and are not sent (RFC 7692 section 7.2.1). Without an output it drops what comes. Reused; not thread-safe.
/// </summary>
internal sealed class DeflateSink : Stream
{
    private const int TailLength = 4;
    private readonly byte[] _tail = new byte[TailLength];
    private IBufferWriter<byte>? _output;
    private int _held;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Begin(IBufferWriter<byte> output) => (_output, _held) = (output, 0);

    /// <summary>The message has been flushed. What is still written belongs to no message.</summary>
    /// <exception cref="UnreachableException">It does not end with an empty stored block.</exception>
    public void End()
    {
        _output = null;
        if (!_tail.AsSpan(0, _held).SequenceEqual(DeflateTail.Bytes))
        {
            throw new UnreachableException("A flushed deflate stream ends with 00 00 FF FF.");
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_output is null)
        {
            return;
        }

        // The last four of what is held and what comes are held next.
        var released = Math.Max(0, _held + buffer.Length - TailLength);
        var fromTail = Math.Min(_held, released);
        _output.Write(_tail.AsSpan(0, fromTail));
        _output.Write(buffer[..(released - fromTail)]);
        _tail.AsSpan(fromTail, _held - fromTail).CopyTo(_tail);
        _held -= fromTail;
        var rest = buffer[(released - fromTail)..];
        rest.CopyTo(_tail.AsSpan(_held));
        _held += rest.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing lies here but the tail.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

internal static class DeflateTail
{
    /// <summary>
    /// End of an empty stored block: taken off every compressed message before it is sent, and put back before it is inflated
    /// (RFC 7692 sections 7.2.1 and 7.2.2).
    /// </summary>
    public static ReadOnlySpan<byte> Bytes => [0x00, 0x00, 0xFF, 0xFF];

    /// <summary>The payload of an empty message (section 7.2.3.6): the header of an empty stored block.</summary>
    public static ReadOnlySpan<byte> EmptyMessage => [0x00];
}
