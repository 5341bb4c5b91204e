using System.Buffers;
using System.Text.Unicode;
using Broker.Fuzz.Engine;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;

namespace Broker.Fuzz.Targets;

/// <summary>
/// Messages put together from fragments with pings between them, against a model that keeps the bytes in a list.
/// <code>cuts 8, (kind 8, length 8, payload …) …</code>
/// The kind's bits: last, text, ping.
/// </summary>
internal sealed class AssemblerTarget : FuzzTarget
{
    private const byte Last = 1;
    private const byte Text = 2;
    private const byte Ping = 4;

    private static readonly WebSocketLimits Limits = new() { Message = 300, Fragments = 8, ControlFrames = 0 };

    private readonly ArrayBufferWriter<byte> _stream = new();
    private readonly EventLog _log = new();
    private readonly EventLog _expected = new();
    private readonly ArrayBufferWriter<byte> _message = new();

    public override string Name => "assembler";

    public override int MaxLength => 500;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        Tokens("\u0002\u0001a", "\u0003\u0002hi", "\u0000\u0001b", "\u0001\0", "\u0000\0", "\u0004\u0001p", "\u0002\u0001\u00c3", "\u0001\u0001\u00a9", "\u0002\u0002\u00f0\u009f", "\u0001\u0002\u0098\u0080", "\u0002\u00c8", "\u0001\u0064");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        _stream.ResetWrittenCount();
        using var model = new WebSocketSession(WebSocketRole.Server, Limits, FrozenTime.Instance);
        using var session = new WebSocketSession(WebSocketRole.Server, Limits, FrozenTime.Instance);
        Prepare(_expected, model);
        Prepare(_log, session);
        var failure = Model(input[1..]);
        var bytes = _stream.WrittenSpan.ToArray().AsSpan();
        for (var cuts = new Cuts(input[0]); !bytes.IsEmpty;)
        {
            var segment = bytes[..cuts.Next(bytes.Length)];
            bytes = bytes[segment.Length..];
            session.Receive(segment, _log);
        }

        Promise.Holds(session.Failure == failure, $"another end: {session.Failure}, not {failure}");
        var events = failure is null ? _log.Events : _log.Events[..Math.Min(_expected.Events.Length, _log.Events.Length)];
        Promise.Holds(events.SequenceEqual(_expected.Events), "other events");
    }

    private static void Prepare(EventLog log, WebSocketSession session)
    {
        log.Clear();
        log.Session = session;
        log.Role = WebSocketRole.Server;
    }

    /// <summary>Writes the frames, tells what must come of them, and says with what the session must fail.</summary>
    private CloseCode? Model(ReadOnlySpan<byte> script)
    {
        var kind = Opcode.Continuation;
        var fragments = 0;
        CloseCode? failure = null;
        Span<byte> pong = stackalloc byte[127];
        _message.ResetWrittenCount();
        while (script.Length >= 2)
        {
            var flags = script[0];
            var payload = script.Slice(2, Math.Min(script[1], script.Length - 2));
            script = script[(2 + payload.Length)..];
            if ((flags & Ping) != 0)
            {
                payload = payload[..Math.Min(payload.Length, 125)];
                FrameScript.WriteFrame(_stream, 0x89, true, (ulong)payload.Length, payload);
                if (failure is null)
                {
                    pong[0] = 0x8A;
                    pong[1] = (byte)payload.Length;
                    payload.CopyTo(pong[2..]);
                    _expected.OnSend(Opcode.Pong, pong[..(2 + payload.Length)]);
                }

                continue;
            }

            var opens = kind == Opcode.Continuation;
            var opcode = !opens ? Opcode.Continuation : (flags & Text) != 0 ? Opcode.Text : Opcode.Binary;
            FrameScript.WriteFrame(_stream, (byte)(((flags & Last) != 0 ? 0x80 : 0) | (byte)opcode), true, (ulong)payload.Length, payload);
            kind = opens ? opcode : kind;
            fragments = opens ? 1 : fragments + 1;
            failure ??= Judge(kind, fragments, payload, (flags & Last) != 0);
            if ((flags & Last) != 0)
            {
                if (failure is null)
                {
                    _expected.OnMessage(kind, _message.WrittenSpan);
                }

                _message.ResetWrittenCount();
                kind = Opcode.Continuation;
            }
        }

        return failure;
    }

    private CloseCode? Judge(Opcode kind, int fragments, ReadOnlySpan<byte> payload, bool last)
    {
        if (_message.WrittenCount + payload.Length > Limits.Message)
        {
            return CloseCode.MessageTooBig;
        }

        if (fragments > Limits.Fragments)
        {
            return CloseCode.PolicyViolation;
        }

        _message.Write(payload);
        return kind == Opcode.Text && !(last ? Utf8.IsValid(_message.WrittenSpan) : IsBeginning(_message.WrittenSpan)) ? CloseCode.InvalidPayloadData : null;
    }

    private static bool IsBeginning(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var status = System.Text.Rune.DecodeFromUtf8(text, out _, out var consumed);
            if (status != OperationStatus.Done)
            {
                return status == OperationStatus.NeedMoreData;
            }

            text = text[consumed..];
        }

        return true;
    }
}
