using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;

namespace Broker.Protocol.Session;

/// <summary>A message whose end is not there yet. Mutable value; the default one is none.</summary>
internal struct OpenMessage
{
    private Utf8Validator _utf8;
    private ReceiveBuffer _bytes;
    private MessageInflater? _inflater; // null: not compressed
    private long _announced;
    private int _fragments;
    private int _limit;

    /// <summary>Text or Binary; Continuation when no message is open.</summary>
    public Opcode Kind { get; private set; }

    public readonly bool IsOpen => Kind != Opcode.Continuation;

    public readonly ReadOnlySpan<byte> Payload => _inflater is null ? _bytes.Span : _inflater.Message;

    /// <summary>Bytes of the array that the payload is kept in.</summary>
    public readonly int Capacity => _inflater?.Capacity ?? _bytes.Capacity;

    /// <summary>RFC 6455 section 5.4: a continuation needs an open message, and an open message takes nothing else.</summary>
    public readonly SessionFault? CheckOrder(in FrameHeader header)
    {
        var continues = header.Opcode == Opcode.Continuation;
        return continues == IsOpen ? null : continues ? SessionFault.StrayContinuation : SessionFault.MessageInMessage;
    }

    /// <summary>Whether a data frame in its place stays within the bounds.</summary>
    public readonly SessionFault? CheckBounds(in FrameHeader header, WebSocketLimits limits, int limit) => header switch
    {
        { Opcode: Opcode.Text } when !limits.AllowText => SessionFault.Text,
        { Opcode: Opcode.Binary } when !limits.AllowBinary => SessionFault.Binary,
        _ when header.Length > Room(header.Compressed || _inflater is not null, limit) => SessionFault.TooBig,
        { Opcode: Opcode.Continuation } when _fragments >= limits.Fragments => SessionFault.Fragments,
        _ => null,
    };

    /// <param name="header">The next frame's.</param>
    /// <param name="inflater">For a compressed message.</param>
    /// <param name="limit">Bytes the message may have from here on.</param>
    public void AddFrame(in FrameHeader header, MessageInflater? inflater, int limit)
    {
        if (header.Opcode != Opcode.Continuation)
        {
            Kind = header.Opcode;
            _inflater = header.Compressed ? inflater : null;
        }

        _fragments++;
        _announced += header.Length;
        _limit = limit;
    }

    /// <summary>Not null: the message is of no use.</summary>
    public SessionFault? Append(ReadOnlySpan<byte> part)
    {
        if (_inflater is not null)
        {
            return Inflated(_inflater.Message.Length, _inflater.Append(part, _limit));
        }

        if (Kind == Opcode.Text && !_utf8.Append(part))
        {
            return SessionFault.InvalidUtf8;
        }

        _bytes.Append(part);
        return null;
    }

    /// <summary>The last frame has ended. Not null: the message is of no use.</summary>
    public SessionFault? Finish()
    {
        if (_inflater is not null && Inflated(_inflater.Message.Length, _inflater.Finish(_limit)) is { } fault)
        {
            return fault;
        }

        return Kind != Opcode.Text || _utf8.IsComplete ? null : SessionFault.InvalidUtf8;
    }

    /// <summary>Gives the bytes back; the message stays open, its further payload is the caller's to drop.</summary>
    public void Release()
    {
        _bytes.Release();
        _inflater?.EndMessage();
    }

    /// <summary>
    /// Payload bytes that may still be announced. Compressed ones are not kept, and what does not compress gets longer: by a
    /// quarter with any compressor that is one, and by some bytes for each fragment.
    /// </summary>
    private readonly long Room(bool compressed, int limit) => (compressed ? limit + (limit / 4L) + 1024 : limit) - _announced;

    /// <summary>The text before a fault is judged first: so it does not matter how much came at once.</summary>
    private SessionFault? Inflated(int before, InflateStatus status)
    {
        if (Kind == Opcode.Text && !_utf8.Append(_inflater!.Message[before..]))
        {
            return SessionFault.InvalidUtf8;
        }

        return status switch
        {
            InflateStatus.TooBig => SessionFault.TooBig,
            InflateStatus.Invalid => SessionFault.InvalidDeflate,
            _ => null,
        };
    }
}
