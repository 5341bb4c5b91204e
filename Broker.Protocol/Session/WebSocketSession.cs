using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;

namespace Broker.Protocol.Session;

/// <summary>
/// One end of an open WebSocket connection (RFC 6455 sections 5 to 7, RFC 7692) without I/O: bytes in, events out. What it
/// reports depends on the bytes alone, never on how reads cut them. A peer's faults become one close code and
/// <see cref="Failure"/>; nothing is thrown for them. An idle session is under 300 bytes and owns no buffer but for contexts
/// that were negotiated to be taken over.
/// </summary>
/// <remarks>Not thread-safe. States: <see cref="WebSocketState"/>.</remarks>
public sealed class WebSocketSession : IDisposable
{
    private readonly WebSocketLimits _limits;
    private readonly TimeProvider _time;
    private readonly WebSocketRole _role;
    private readonly SessionDeflate? _deflate;
    private bool _inPayload;
    private bool _delivered;
    private byte _partialLength;
    private PartialHeader _partial;
    private SessionFault? _fault;
    private FrameHeader _frame;
    private long _taken; // payload bytes of _frame
    private OpenMessage _message;
    private ReceiveBuffer _control;
    private ControlBudget _budget;

    /// <param name="role">Decides who masks.</param>
    /// <param name="limits">Bounds on the peer.</param>
    /// <param name="time">For the message time and the control frame rate.</param>
    /// <param name="deflate">What was negotiated of permessage-deflate; null: nothing.</param>
    public WebSocketSession(WebSocketRole role, WebSocketLimits limits, TimeProvider time, DeflateParameters? deflate = null)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _role = role;
        _limits = limits;
        _time = time;
        MessageLimit = limits.Message;
        _deflate = deflate is null ? null : new SessionDeflate(role, deflate);
    }

    /// <summary>Bytes of a message; a change applies from the next frame header on.</summary>
    public int MessageLimit { get; set; }

    public WebSocketState State { get; private set; }

    /// <summary>A message has begun whose last byte has not come.</summary>
    public bool InMessage => State == WebSocketState.Open && _message.IsOpen;

    /// <summary>Bytes of the array that an unfinished message is kept in.</summary>
    public int Kept => _message.Capacity;

    /// <summary>Why this side failed the connection; null when it did not.</summary>
    public CloseCode? Failure => _fault?.Code;

    /// <summary>The limit behind a <see cref="Failure"/> with 1008.</summary>
    public WebSocketAbuse Abuse => _fault?.Abuse ?? WebSocketAbuse.None;

    private bool IsReading => State is WebSocketState.Open or WebSocketState.CloseSent;

    /// <summary>Takes bytes from the transport. After a close or a failure they are dropped.</summary>
    /// <param name="bytes">Unmasked in place; a message that lies wholly inside in one frame is handed on without a copy.</param>
    /// <param name="handler">Told what the bytes amount to.</param>
    /// <param name="oneMessage">Stop behind the first message: the caller gives the rest again when it has been dealt with.</param>
    /// <returns>How many of the bytes were taken; all of them unless it stopped or reads no more.</returns>
    public int Receive(Span<byte> bytes, IWebSocketHandler handler, bool oneMessage = false)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _delivered = false;
        var taken = 0;
        while (taken < bytes.Length && IsReading && !(oneMessage && _delivered))
        {
            var rest = bytes[taken..];
            taken += _inPayload ? TakePayload(rest, handler) : TakeHeader(rest, handler);
        }

        return taken;
    }

    /// <summary>Starts the closing handshake; does nothing when a close was sent or received before.</summary>
    /// <param name="code">A code that may be sent, or <see cref="CloseCode.NoStatusReceived"/> for a frame without one.</param>
    /// <param name="reason">Cut to 123 bytes of UTF-8 at a code point.</param>
    /// <param name="handler">Gets the close frame.</param>
    public void Close(CloseCode code, string reason, IWebSocketHandler handler)
    {
        if (State == WebSocketState.Open)
        {
            State = WebSocketState.CloseSent;
            _message.Release();
            FrameSender.SendClose(_role, code, reason, handler);
        }
    }

    /// <summary>Frames a message or a control frame, masked in the client role, a message compressed where that was negotiated. Does nothing once a close was sent or received.</summary>
    /// <exception cref="ArgumentException">A close frame, a continuation, or a control frame over 125 bytes.</exception>
    public void Send(Opcode opcode, ReadOnlySpan<byte> payload, IWebSocketHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (opcode is Opcode.Close or Opcode.Continuation || (opcode is Opcode.Ping or Opcode.Pong && payload.Length > FrameWriter.MaxControlPayload))
        {
            throw new ArgumentException("Only whole messages, and pings and pongs of at most 125 bytes.", nameof(opcode));
        }

        if (State != WebSocketState.Open)
        {
            return;
        }

        if (_deflate is not null && opcode is (Opcode.Text or Opcode.Binary))
        {
            _deflate.Send(opcode, payload, handler);
        }
        else
        {
            FrameSender.Send(_role, opcode, payload, handler);
        }
    }

    /// <summary>Gives back what a half-received message holds; further bytes are dropped.</summary>
    public void Dispose()
    {
        if (IsReading)
        {
            State = WebSocketState.Closed;
        }

        ReleaseBuffers();
    }

    private int TakeHeader(Span<byte> bytes, IWebSocketHandler handler)
    {
        if (_partialLength == 0 && FrameHeader.Read(bytes, out var whole, _deflate is not null) == FrameHeaderStatus.Complete)
        {
            return whole.Size + Begin(whole, bytes[whole.Size..], handler);
        }

        // Cut by the read: byte by byte, so that a fault shows at the byte that makes it.
        for (var taken = 0; taken < bytes.Length;)
        {
            _partial[_partialLength++] = bytes[taken++];
            var status = FrameHeader.Read(_partial[.._partialLength], out var header, _deflate is not null);
            if (status == FrameHeaderStatus.Invalid)
            {
                Fail(SessionFault.MalformedHeader, handler);
                return taken;
            }

            if (status == FrameHeaderStatus.Complete)
            {
                _partialLength = 0;
                return taken + Begin(header, bytes[taken..], handler);
            }

            if (header.Length >= 0 && !Accept(header, handler))
            {
                return taken;
            }
        }

        return bytes.Length;
    }

    // Returns how much of the payload it took: all of it where no byte needs to be kept, else nothing.
    private int Begin(in FrameHeader header, Span<byte> rest, IWebSocketHandler handler)
    {
        if (!Accept(header, handler) || (header.IsControl && !AcceptControl(handler)))
        {
            return 0;
        }

        if (header.Length <= rest.Length && (header.IsControl || (header.Fin && !header.Compressed && !_message.IsOpen)))
        {
            var payload = rest[..(int)header.Length];
            if (header.Masked)
            {
                Masking.Apply(payload, header.Mask, 0);
            }

            DeliverWhole(header.Opcode, payload, handler);
            return payload.Length;
        }

        if (!header.IsControl)
        {
            _message.AddFrame(header, header.Compressed ? _deflate!.Inflater : null, MessageLimit);
        }

        _frame = header;
        _taken = 0;
        _inPayload = true;
        if (header.Length == 0)
        {
            EndFrame(handler);
        }

        return 0;
    }

    private bool Accept(in FrameHeader header, IWebSocketHandler handler)
    {
        // RFC 6455 section 5.1: a server MUST close on an unmasked frame, a client on a masked one.
        var fault = header.Masked != (_role == WebSocketRole.Server) ? header.Masked ? SessionFault.Masked : SessionFault.Unmasked
            : header.IsControl ? null
            : _message.CheckOrder(header);

        // Section 5.5.1: after our close the data is dropped, whatever its size.
        if (fault is null && !header.IsControl && State == WebSocketState.Open)
        {
            fault = _message.CheckBounds(header, _limits, MessageLimit);
        }

        if (fault is not null)
        {
            Fail(fault, handler);
        }

        return IsReading;
    }

    private bool AcceptControl(IWebSocketHandler handler)
    {
        if (State == WebSocketState.Open && !_budget.TryTake(_limits.ControlFrames, _time))
        {
            Fail(SessionFault.ControlFrames, handler);
        }

        return IsReading;
    }

    private int TakePayload(Span<byte> bytes, IWebSocketHandler handler)
    {
        var part = bytes[..(int)Math.Min(bytes.Length, _frame.Length - _taken)];
        if (_frame.IsControl || State == WebSocketState.Open)
        {
            if (_frame.Masked)
            {
                Masking.Apply(part, _frame.Mask, (int)(_taken & 3));
            }

            Keep(part, handler);
        }

        _taken += part.Length;
        if (_taken == _frame.Length && IsReading)
        {
            EndFrame(handler);
        }

        return part.Length;
    }

    private void Keep(ReadOnlySpan<byte> part, IWebSocketHandler handler)
    {
        if (_frame.IsControl)
        {
            _control.Append(part);
        }
        else if (_message.Append(part) is { } fault)
        {
            Fail(fault, handler);
        }
    }

    private void EndFrame(IWebSocketHandler handler)
    {
        _inPayload = false;
        if (_frame.IsControl)
        {
            // Detached first: the handler may close or dispose of the session while it reads the bytes.
            var kept = _control;
            _control = default;
            DeliverControl(_frame.Opcode, kept.Span, handler);
            kept.Release();
        }
        else if (_frame.Fin)
        {
            var kept = _message;
            _message = default;
            DeliverMessage(ref kept, handler);
            kept.Release();
        }
    }

    private void DeliverMessage(ref OpenMessage message, IWebSocketHandler handler)
    {
        if (State != WebSocketState.Open)
        {
            return;
        }

        if (message.Finish() is { } fault)
        {
            Fail(fault, handler);
        }
        else
        {
            _delivered = true;
            handler.OnMessage(message.Kind, message.Payload);
        }
    }

    private void DeliverWhole(Opcode opcode, ReadOnlySpan<byte> payload, IWebSocketHandler handler)
    {
        if ((byte)opcode >= 8)
        {
            DeliverControl(opcode, payload, handler);
        }
        else if (State != WebSocketState.Open)
        {
            return;
        }
        else if (opcode == Opcode.Text && !Utf8.IsValid(payload))
        {
            Fail(SessionFault.InvalidUtf8, handler);
        }
        else
        {
            _delivered = true;
            handler.OnMessage(opcode, payload);
        }
    }

    private void DeliverControl(Opcode opcode, ReadOnlySpan<byte> payload, IWebSocketHandler handler)
    {
        if (opcode == Opcode.Close)
        {
            ReceiveClose(payload, handler);
        }
        else if (State != WebSocketState.Open)
        {
            return;
        }
        else if (opcode == Opcode.Pong)
        {
            handler.OnPong(payload);
        }
        else
        {
            // Section 5.5.3: a pong has the application data of the ping it answers.
            FrameSender.Send(_role, Opcode.Pong, payload, handler);
        }
    }

    private void ReceiveClose(ReadOnlySpan<byte> payload, IWebSocketHandler handler)
    {
        if (ClosePayload.Read(payload, out var code, out var reason) is { } fault)
        {
            Fail(new SessionFault(fault, "Invalid close frame"), handler);
            return;
        }

        var answered = State == WebSocketState.CloseSent;
        State = answered ? WebSocketState.Closed : WebSocketState.CloseReceived;
        ReleaseBuffers();
        handler.OnClose(code, reason);
        if (!answered)
        {
            // "When sending a Close frame in response, the endpoint typically echos the status code it received."
            FrameSender.SendClose(_role, code, "", handler);
        }
    }

    private void Fail(SessionFault fault, IWebSocketHandler handler)
    {
        var closeSent = State == WebSocketState.CloseSent;
        State = WebSocketState.Failed;
        _fault = fault;
        ReleaseBuffers();
        if (!closeSent)
        {
            FrameSender.SendClose(_role, fault.Code, fault.Reason, handler);
        }
    }

    private void ReleaseBuffers()
    {
        _message.Release();
        _control.Release();
        _deflate?.Dispose();
    }
}

/// <summary>Which end of the connection this is: a client masks what it sends, a server does not (RFC 6455 section 5.1).</summary>
public enum WebSocketRole : byte
{
    Server,
    Client,
}

/// <summary>Where the closing handshake stands. Only the first two read; from the others nothing leads away.</summary>
public enum WebSocketState : byte
{
    /// <summary>Messages flow.</summary>
    Open,

    /// <summary>This side sent its close frame and waits for the peer's; data is dropped.</summary>
    CloseSent,

    /// <summary>The peer closed first; the reply was handed to the handler. A server ends the transport once it is written.</summary>
    CloseReceived,

    /// <summary>This side's close was answered, or the session was disposed of.</summary>
    Closed,

    /// <summary>The peer broke a rule; see <see cref="WebSocketSession.Failure"/>. A close frame was handed to the handler unless one had been before.</summary>
    Failed,
}

/// <summary>Which limit a peer went over whose connection a session failed with 1008.</summary>
public enum WebSocketAbuse
{
    None,
    Fragments,
    ControlFrames,
}

/// <summary>Room for a frame header that reads have cut, inside its owner.</summary>
[InlineArray(FrameHeader.MaxSize)]
internal struct PartialHeader
{
    private byte _first;
}
