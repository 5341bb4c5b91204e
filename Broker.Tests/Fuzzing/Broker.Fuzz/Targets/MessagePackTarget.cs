using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Broker.Fuzz.Engine;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Fuzz.Targets;

/// <summary>
/// Client frames in MessagePack: taken or refused as a second reading of the format says, elements in the same number;
/// what came out is written into every reply and push, which can be carried over to JSON and back.
/// </summary>
internal sealed class MessagePackTarget : FuzzTarget
{
    private readonly ClientMessageList _messages = new();
    private readonly CodecReplies _replies = new(MessagePackWireCodec.Instance);
    private readonly ArrayBufferWriter<byte> _json = new();
    private readonly ArrayBufferWriter<byte> _back = new();

    public override string Name => "messagepack";

    public override int MaxLength => 700;

    public override IReadOnlyList<byte[]> Dictionary { get; } = CodecReplies.Names
        .Select(name => (byte[])[(byte)(0xa0 | name.Length), .. Encoding.ASCII.GetBytes(name)])
        .Concat(Tokens(
            "\u0080", "\u0081", "\u0082", "\u0083", "\u0090", "\u0091", "\u0092", "\u00a0", "\u00c0", "\u00c1", "\u00c2", "\u00c3", "\u00c4\u0001a", "\u00c5\0\u0001a", "\u00c6\0\0\0\u0001a", "\u00c7\u0001\u0001a", "\u00ca\u007f\u00c0\0\0", "\u00cb\u003f\u00f0\0\0\0\0\0\0", "\u00cc\u00ff", "\u00cd\u0001\0",
            "\u00ce\0\u0001\0\0", "\u00cf\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "\u00d0\u0080", "\u00d1\u0080\0", "\u00d2\u0080\0\0\0", "\u00d3\u0080\0\0\0\0\0\0\0", "\u00d4\u0001a", "\u00d6\u00ff\0\0\0\0", "\u00d9\u0001a", "\u00da\0\u0001a", "\u00db\0\0\0\u0001a",
            "\u00dc\0\u0001", "\u00dd\0\0\0\u0001", "\u00de\0\u0001", "\u00df\0\0\0\u0001", "\u00dd\u007f\u00ff\u00ff\u00ff", "\u00df\u00ff\u00ff\u00ff\u00ff", "\u0091\u0091\u0091\u0091", "\u0081\u00a1a\u0081\u00a1a", "\u00a2\u00c3\u00a9", "\u00a1\u00ff"))
        .ToArray();

    public override void Run(ReadOnlySpan<byte> input)
    {
        var frame = input.ToArray();
        var error = MessagePackWireCodec.Instance.Decode(frame, _messages);
        Promise.Holds(error is ErrorCode.None or ErrorCode.InvalidMessage, $"an error nobody expects: {error}");
        Promise.Holds((error == ErrorCode.None) == (_messages.Count > 0), "messages beside an error, or neither");
        var rest = input;
        var expected = ReadValue(ref rest, WireLimits.Depth) && rest.IsEmpty ? CountOf(input) : 0;
        Promise.Holds(_messages.Count == expected, $"{_messages.Count} messages, not {expected}");
        for (var i = 0; i < _messages.Count; i++)
        {
            _replies.Check(_messages[i], CheckMessagePack);
        }

        _messages.Clear();
        CarryAnything(input);
    }

    private void CheckMessagePack(ReadOnlyMemory<byte> bytes)
    {
        var rest = bytes.Span;
        Promise.Holds(ReadValue(ref rest, WireLimits.Depth) && rest.IsEmpty, "a reply that is not MessagePack");
        _json.ResetWrittenCount();
        Promise.Holds(WireBridge.TryCarryPush(bytes.Span, WireFormat.MessagePack, _json), "a reply that cannot be carried over");
        CheckJson();
    }

    // Also what no codec has let through must not throw.
    private void CarryAnything(ReadOnlySpan<byte> input)
    {
        _json.ResetWrittenCount();
        if (!WireBridge.TryCarry(input, WireFormat.MessagePack, _json))
        {
            return;
        }

        // Keys may repeat in what was not decoded, and that is all.
        using var document = JsonDocument.Parse(_json.WrittenMemory);
        _back.ResetWrittenCount();
        Promise.Holds(WireBridge.TryCarry(_json.WrittenSpan, WireFormat.Json, _back), "its own JSON cannot be carried back");
        var rest = _back.WrittenSpan;
        Promise.Holds(ReadValue(ref rest, WireLimits.Depth, mayRepeat: true) && rest.IsEmpty, "what is carried back is not MessagePack");
    }

    private void CheckJson()
    {
        try
        {
            using var document = JsonDocument.Parse(_json.WrittenMemory, new JsonDocumentOptions { MaxDepth = WireLimits.Depth });
        }
        catch (JsonException fault)
        {
            throw new BrokenPromiseException("a reply carried over is not JSON", fault);
        }
    }

    private static int CountOf(ReadOnlySpan<byte> frame)
    {
        var code = frame[0];
        var count = code switch
        {
            >= 0x80 and <= 0x8f or 0xde or 0xdf => 1,
            >= 0x90 and <= 0x9f => code & 15,
            0xdc => BinaryPrimitives.ReadUInt16BigEndian(frame[1..]),
            0xdd => (int)BinaryPrimitives.ReadUInt32BigEndian(frame[1..]),
            _ => 0,
        };
        return count > WireLimits.Batch ? 0 : count;
    }

    /// <summary>A value as the format has it, with the protocol's bounds; the rest is behind it.</summary>
    private static bool ReadValue(ref ReadOnlySpan<byte> rest, int levels, bool mayRepeat = false)
    {
        if (!ReadHead(ref rest, out var code, out var size))
        {
            return false;
        }

        switch (code)
        {
            case 0x80:
                return ReadMap(ref rest, size, levels - 1, mayRepeat);
            case 0x90:
                if (levels == 0)
                {
                    return false;
                }

                for (; size > 0; size--)
                {
                    if (!ReadValue(ref rest, levels - 1, mayRepeat))
                    {
                        return false;
                    }
                }

                return true;
            default:
                if (size > (ulong)rest.Length)
                {
                    return false;
                }

                var content = rest[..(int)size];
                rest = rest[(int)size..];
                return code switch
                {
                    0xa0 => Utf8.IsValid(content),
                    0xca => float.IsFinite(BinaryPrimitives.ReadSingleBigEndian(content)),
                    0xcb => double.IsFinite(BinaryPrimitives.ReadDoubleBigEndian(content)),
                    _ => true,
                };
        }
    }

    private static bool ReadMap(ref ReadOnlySpan<byte> rest, ulong pairs, int levels, bool mayRepeat)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (; pairs > 0 && levels >= 0; pairs--)
        {
            if (!ReadHead(ref rest, out var code, out var size) || code != 0xa0 || size > (ulong)rest.Length || !Utf8.IsValid(rest[..(int)size]))
            {
                return false;
            }

            var key = Encoding.UTF8.GetString(rest[..(int)size]);
            rest = rest[(int)size..];
            if ((!keys.Add(key) && !mayRepeat) || !ReadValue(ref rest, levels, mayRepeat))
            {
                return false;
            }
        }

        return levels >= 0;
    }

    /// <summary>The code, one for each family, and how many bytes, elements or pairs follow.</summary>
    private static bool ReadHead(ref ReadOnlySpan<byte> rest, out byte code, out ulong size)
    {
        (code, size) = (0, 0);
        if (rest.IsEmpty)
        {
            return false;
        }

        var first = rest[0];
        rest = rest[1..];
        if (first is < 0x80 or >= 0xe0 or 0xc0 or 0xc2 or 0xc3)
        {
            return true;
        }

        if (first < 0xc0)
        {
            (code, size) = first < 0xa0 ? ((byte)(first & 0xf0), (ulong)(first & 15)) : ((byte)0xa0, (ulong)(first & 31));
            return true;
        }

        var (family, width) = first switch
        {
            0xc4 or 0xc5 or 0xc6 => (0xc4, 1 << (first - 0xc4)),
            0xca => (0xca, 0),
            0xcb => (0xcb, 0),
            >= 0xcc and <= 0xd3 => (0xcc, 0),
            0xd9 or 0xda or 0xdb => (0xa0, 1 << (first - 0xd9)),
            0xdc or 0xdd => (0x90, 2 << (first - 0xdc)),
            0xde or 0xdf => (0x80, 2 << (first - 0xde)),
            _ => (0, -1),
        };
        if (width < 0 || rest.Length < width)
        {
            return false;
        }

        code = (byte)family;
        size = family switch { 0xca => 4, 0xcb => 8, 0xcc => 1UL << (first & 3), _ => 0 };
        foreach (var part in rest[..width])
        {
            size = (size << 8) | part;
        }

        rest = rest[width..];
        return true;
    }
}
