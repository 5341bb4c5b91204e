using System.Buffers;
using Broker.Fuzz.Engine;
using Broker.Protocol.Deflate;
using Broker.Protocol.Session;

namespace Broker.Fuzz.Targets;

/// <summary>
/// A session in either role, fed raw bytes or a <see cref="FrameScript"/>: the same events however reads cut the
/// bytes and however the caller takes messages, and nothing is sent that a peer would have to refuse.
/// <code>flags 8, deflate 8, cuts 8, bytes …</code>
/// </summary>
internal sealed class SessionTarget : FuzzTarget
{
    private const byte Client = 1;
    private const byte Raw = 2;
    private const byte Tight = 4;
    private const byte NoText = 8;
    private const byte NoBinary = 16;
    private const byte Acts = 32;
    private const byte OneMessage = 64;
    private const byte Unlimited = 128;

    private readonly ArrayBufferWriter<byte> _stream = new();
    private readonly EventLog _whole = new();
    private readonly EventLog _cut = new();
    private readonly EventLog _peer = new();
    private byte[] _scratch = [];

    public override string Name => "session";

    public override int MaxLength => 400;

    public override IReadOnlyList<byte[]> Dictionary { get; } = Tokens(
        "\u0001\u0002Hi", "\u0011\u0001a", "\u0000\u0001b", "\u0010\0", "\u0002\u0003!..", "\u0002\u0001~", "\u0002\u0004<abc", "\u0001\u0002?x", "\u0009\u0001p", "\u000a\0", "\u0008\u0002\u0003\u00e8",
        "\u0008\0", "\u0008\u0001\u0003", "\u0008\u0005\u0003\u00e9bye", "\u0001\u00c8", "\u0001\u00e0\u00c3", "\u0001\u00f7", "\u0001\u00ff", "\u0011\u0001\u00c3", "\u0000\u0001\u00a9", "\u0001\u0002\u00c3\u0028", "\u0021\0", "\u0041\0",
        "\u00c1\u0002Hi", "\u00d1\u0003abc", "\u0041\u0007\u00f2\u0048\u00cd\u00c9\u00c9\u0007\0", "\u00c2\u00ef", "\u00c1\u0002<x",
        "\u0081\u0085\u0037\u00fa\u0021\u003d\u007f\u009f\u004d\u0051\u0058", "\u0081\u0005Hello");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 3)
        {
            return;
        }

        var flags = input[0];
        var role = (flags & Client) != 0 ? WebSocketRole.Client : WebSocketRole.Server;
        _stream.ResetWrittenCount();
        if ((flags & Raw) != 0)
        {
            _stream.Write(input[3..]);
        }
        else
        {
            FrameScript.Write(input[3..], masked: role == WebSocketRole.Server, _stream);
        }

        var limits = LimitsOf(flags);
        var deflate = DeflateOf(input[1], role);
        using var whole = Feed(_whole, flags, role, limits, deflate, new Cuts(1), oneMessage: false);
        using var cut = Feed(_cut, flags, role, limits, deflate, new Cuts(input[2]), oneMessage: (flags & OneMessage) != 0);
        Promise.Holds(whole.State == cut.State && whole.Failure == cut.Failure, $"cut differs from whole: {cut.State} {cut.Failure}, not {whole.State} {whole.Failure}");
        Promise.Holds(whole.InMessage == cut.InMessage, "cut differs from whole in being inside a message");
        Promise.Holds(_whole.Events.SequenceEqual(_cut.Events), "cut gives other events");
        Promise.Holds(whole.Failure is null == (whole.State != WebSocketState.Failed), "a failure without a code");
        TellPeer(role, deflate, _whole.Sent);
    }

    private static WebSocketLimits LimitsOf(byte flags) => new()
    {
        Message = (flags & Tight) != 0 ? 64 : 1000,
        Fragments = (flags & Tight) != 0 ? 3 : (flags & Unlimited) != 0 ? int.MaxValue : 1024,
        ControlFrames = (flags & Unlimited) != 0 ? 0 : (flags & Tight) != 0 ? 2 : 20,
        AllowText = (flags & NoText) == 0,
        AllowBinary = (flags & NoBinary) == 0,
    };

    // Only the peer's window may be small: the own deflater cannot keep to one.
    private static DeflateParameters? DeflateOf(byte flags, WebSocketRole role) => (flags & 1) == 0 ? null : new DeflateParameters
    {
        ServerNoContextTakeover = (flags & 2) != 0,
        ClientNoContextTakeover = (flags & 4) != 0,
        ClientMaxWindowBits = (flags & 8) != 0 && role == WebSocketRole.Server ? DeflateParameters.MinWindowBits : DeflateParameters.MaxWindowBits,
        ServerMaxWindowBits = (flags & 8) != 0 && role == WebSocketRole.Client ? DeflateParameters.MinWindowBits : DeflateParameters.MaxWindowBits,
        Threshold = (flags & 16) != 0 ? 20 : 0,
    };

    private WebSocketSession Feed(EventLog log, byte flags, WebSocketRole role, WebSocketLimits limits, DeflateParameters? deflate, Cuts cuts, bool oneMessage)
    {
        var session = new WebSocketSession(role, limits, FrozenTime.Instance, deflate);
        log.Clear();
        log.Session = session;
        log.Role = role;
        log.Deflate = deflate is not null;
        log.Acts = (flags & Acts) != 0;
        var bytes = Copy(_stream.WrittenSpan);
        while (!bytes.IsEmpty)
        {
            var segment = bytes[..cuts.Next(bytes.Length)];
            bytes = bytes[segment.Length..];
            while (!segment.IsEmpty)
            {
                var before = log.Messages;
                var taken = session.Receive(segment, log, oneMessage);
                Promise.Holds(!oneMessage || log.Messages <= before + 1, "more than one message");
                Promise.Holds(taken == segment.Length || session.State is not (WebSocketState.Open or WebSocketState.CloseSent) || (oneMessage && log.Messages > before), "bytes left without a reason");
                if (session.State is not (WebSocketState.Open or WebSocketState.CloseSent))
                {
                    break;
                }

                segment = segment[taken..];
            }
        }

        return session;
    }

    // Sessions unmask in place.
    private Span<byte> Copy(ReadOnlySpan<byte> bytes)
    {
        if (_scratch.Length < bytes.Length)
        {
            _scratch = new byte[bytes.Length * 2];
        }

        bytes.CopyTo(_scratch);
        return _scratch.AsSpan(0, bytes.Length);
    }

    private void TellPeer(WebSocketRole role, DeflateParameters? deflate, ReadOnlySpan<byte> sent)
    {
        var peerRole = role == WebSocketRole.Server ? WebSocketRole.Client : WebSocketRole.Server;
        using var peer = new WebSocketSession(peerRole, new WebSocketLimits { ControlFrames = 0, Message = 8192 }, FrozenTime.Instance, deflate);
        _peer.Clear();
        _peer.Session = peer;
        _peer.Role = peerRole;
        _peer.Acts = false;
        _peer.Deflate = deflate is not null;
        peer.Receive(Copy(sent), _peer);
        Promise.Holds(peer.Failure is null, $"a peer would refuse what was sent: {peer.Failure}");
    }
}
