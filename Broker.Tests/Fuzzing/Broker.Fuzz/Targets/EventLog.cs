using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Broker.Fuzz.Engine;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;

namespace Broker.Fuzz.Targets;

/// <summary>
/// What a session said, as bytes that can be compared; frames it sent without their random mask. Every event is
/// checked as it comes. A message's first byte may make the handler close, dispose of or use the session.
/// </summary>
internal sealed class EventLog : IWebSocketHandler
{
    private readonly ArrayBufferWriter<byte> _events = new();
    private readonly ArrayBufferWriter<byte> _sent = new();
    private bool _closed;

    /// <summary>Set before the session is fed.</summary>
    public WebSocketSession Session { get; set; } = null!;

    public WebSocketRole Role { get; set; }

    /// <summary>Frames may be compressed.</summary>
    public bool Deflate { get; set; }

    /// <summary>The handler acts on messages; off, it only writes down.</summary>
    public bool Acts { get; set; }

    public ReadOnlySpan<byte> Events => _events.WrittenSpan;

    /// <summary>The frames sent, as they would go to the peer.</summary>
    public ReadOnlySpan<byte> Sent => _sent.WrittenSpan;

    public int Messages { get; private set; }

    public void Clear()
    {
        _events.ResetWrittenCount();
        _sent.ResetWrittenCount();
        _closed = false;
        Messages = 0;
    }

    public void OnMessage(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        Promise.Holds(opcode is Opcode.Text or Opcode.Binary, $"a message of kind {opcode}");
        Promise.Holds(opcode != Opcode.Text || System.Text.Unicode.Utf8.IsValid(payload), "a text that is not UTF-8");
        Promise.Holds(payload.Length <= Session.MessageLimit, "a message over the limit");
        Promise.Holds(!_closed, "a message after the close");
        Messages++;
        Write('M', opcode, payload);
        if (Acts && !payload.IsEmpty)
        {
            Act(payload[0], payload);
        }
    }

    public void OnPong(ReadOnlySpan<byte> payload)
    {
        Promise.Holds(payload.Length <= 125, "a pong over 125 bytes");
        Write('P', Opcode.Pong, payload);
    }

    public void OnClose(CloseCode code, string reason)
    {
        Promise.Holds(code == CloseCode.NoStatusReceived ? reason.Length == 0 : CloseCodes.MayBeSent(code), $"a close with {code}");
        Write('C', Opcode.Close, Encoding.UTF8.GetBytes($"{(int)code} {reason}"));
    }

    public void OnSend(Opcode opcode, ReadOnlySpan<byte> frame)
    {
        Promise.Holds(!_closed, "a frame after the close frame");
        _closed = opcode == Opcode.Close;
        _sent.Write(frame);
        var status = FrameHeader.Read(frame, out var header, Deflate);
        Promise.Holds(status == FrameHeaderStatus.Complete && header.Size + header.Length == frame.Length && header.Opcode == opcode && header.Fin, "a frame that is none");
        Promise.Holds(header.Masked == (Role == WebSocketRole.Client), "masked in the wrong role");
        var payload = frame[header.Size..].ToArray();
        Span<byte> mask = stackalloc byte[4];
        MemoryMarshal.Write(mask, header.Mask);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= mask[i & 3];
        }

        Write('S', opcode, payload);
    }

    private void Act(byte sign, ReadOnlySpan<byte> payload)
    {
        switch (sign)
        {
            case (byte)'!':
                Session.Close(CloseCode.NormalClosure, "bye", this);
                break;
            case (byte)'~':
                Session.Dispose();
                break;
            case (byte)'<':
                Session.Send(Opcode.Binary, payload, this);
                break;
            case (byte)'?':
                Session.Send(Opcode.Ping, payload[..Math.Min(payload.Length, 125)], this);
                break;
            default:
                break;
        }
    }

    private void Write(char kind, Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var head = _events.GetSpan(6);
        head[0] = (byte)kind;
        head[1] = (byte)opcode;
        BinaryPrimitives.WriteInt32LittleEndian(head[2..], payload.Length);
        _events.Advance(6);
        _events.Write(payload);
    }
}
