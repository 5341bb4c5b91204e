using Broker.Protocol.Frames;

namespace Broker.Protocol.Session;

/// <summary>A message whose end is not there yet. Mutable value; the default one is none.</summary>
internal struct OpenMessage
{
    private Utf8Validator _utf8;
    private ReceiveBuffer _bytes;
    private long _start;

    /// <summary>Text or Binary; Continuation when no message is open.</summary>
    public Opcode Kind { get; private set; }

    public readonly bool IsOpen => Kind != Opcode.Continuation;

    /// <summary>Frames whose header came, empty ones too.</summary>
    public int Fragments { get; private set; }

    public readonly int Length => _bytes.Length;

    public readonly ReadOnlySpan<byte> Payload => _bytes.Span;

    /// <summary>False: a text that ends within a code point.</summary>
    public readonly bool IsValid => Kind != Opcode.Text || _utf8.IsComplete;

    public void AddFrame(Opcode opcode, TimeProvider time)
    {
        if (opcode != Opcode.Continuation)
        {
            Kind = opcode;
            _start = time.GetTimestamp();
        }

        Fragments++;
    }

    /// <summary>False: invalid UTF-8, and the message is of no use.</summary>
    public bool Append(ReadOnlySpan<byte> part)
    {
        if (Kind == Opcode.Text && !_utf8.Append(part))
        {
            return false;
        }

        _bytes.Append(part);
        return true;
    }

    public readonly TimeSpan Age(TimeProvider time) => IsOpen ? time.GetElapsedTime(_start) : TimeSpan.Zero;

    /// <summary>Gives the bytes back; the message stays open, its further payload is the caller's to drop.</summary>
    public void Release() => _bytes.Release();
}
