using System.Buffers.Binary;

namespace Broker.Node.Links;

/// <summary>
/// Layout of link messages, little-endian: version (1), lane (2), sender's node uid (4), sender's incarnation (8), which of
/// the two links (1; in a hello its last byte), then per message. A decoder answers null to anything that is not of its form.
/// </summary>
/// <remarks>The common head and the hello keep their layout in every version: peers refuse each other by reading it.</remarks>
internal static class LinkCodec
{
    private const byte Version = LinkProtocol.Major;
    private const int CommonHead = 1 + 2 + 4 + 8;
    private const int OldHelloLength = CommonHead + 1 + 2 + 8;
    private const int HelloLength = OldHelloLength + 1;
    private const int Head = CommonHead + 1;
    private const int WelcomeLength = Head + 8 + 8;
    private const int EnvelopeHead = Head + 8 + 8 + 8;
    private const int AckLength = Head + 8 + 8 + 1;
    private const int ResendLength = Head + 8 + 8;
    private const int StatementLength = Head + 8 + 8 + 8 + 1;

    public static byte[] Encode(LinkMessage message) => message switch
    {
        LinkEnvelope m => EncodeEnvelope(m),
        LinkAck m => Encode(m, AckLength, m.To, m.Number, m.Goodbye),
        LinkStatement m => EncodeStatement(m),
        LinkResend m => Encode(m, ResendLength, m.To, m.Number),
        LinkHello m => EncodeHello(m),
        LinkWelcome m => Encode(m, WelcomeLength, m.To, m.Lowest),
        _ => throw new ArgumentException($"No layout for {message.GetType().Name}", nameof(message)),
    };

    // head, to (8), number (8), lowest (8), entries
    private static byte[] EncodeEnvelope(LinkEnvelope message)
    {
        var bytes = new byte[EnvelopeHead + message.Length];
        WriteHead(bytes, message, Version);
        bytes[CommonHead] = (byte)message.Link;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head), message.To);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head + 8), message.Number);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head + 16), message.Lowest);
        var rest = bytes.AsSpan(EnvelopeHead);
        foreach (var part in message.Body)
        {
            part.Span.CopyTo(rest);
            rest = rest[part.Length..];
        }

        return bytes;
    }

    public static LinkEnvelope? DecodeEnvelope(byte[] bytes)
    {
        if (bytes.Length < EnvelopeHead || !TryReadHead(bytes, out var lane, out var from, out var incarnation, out var link))
        {
            return null;
        }

        var to = Int64(bytes, Head);
        var number = Int64(bytes, Head + 8);
        var lowest = Int64(bytes, Head + 16);
        return lowest < 1 || number < lowest
            ? null
            : new LinkEnvelope(lane, from, incarnation, to, number, lowest, [bytes.AsMemory(EnvelopeHead)], link);
    }

    // head, to (8), number (8), goodbye (1)
    public static LinkAck? DecodeAck(byte[] bytes) =>
        bytes.Length == AckLength && TryReadHead(bytes, out var lane, out var from, out var incarnation, out var link) && Int64(bytes, Head + 8) >= 0
            ? new LinkAck(lane, from, incarnation, Int64(bytes, Head), Int64(bytes, Head + 8), bytes[^1] != 0, link)
            : null;

    // head, to (8), number (8)
    public static LinkResend? DecodeResend(byte[] bytes) =>
        bytes.Length == ResendLength && TryReadHead(bytes, out var lane, out var from, out var incarnation, out var link) && Int64(bytes, Head + 8) >= 1
            ? new LinkResend(lane, from, incarnation, Int64(bytes, Head), Int64(bytes, Head + 8), link)
            : null;

    // head, to (8), last (8), lowest (8), goodbye (1)
    private static byte[] EncodeStatement(LinkStatement message)
    {
        var bytes = new byte[StatementLength];
        WriteHead(bytes, message, Version);
        bytes[CommonHead] = (byte)message.Link;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head), message.To);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head + 8), message.Last);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head + 16), message.Lowest);
        bytes[^1] = message.Goodbye ? (byte)1 : (byte)0;
        return bytes;
    }

    public static LinkStatement? DecodeStatement(byte[] bytes)
    {
        if (bytes.Length != StatementLength || !TryReadHead(bytes, out var lane, out var from, out var incarnation, out var link))
        {
            return null;
        }

        var last = Int64(bytes, Head + 8);
        var lowest = Int64(bytes, Head + 16);
        return lowest < 1 || last < lowest - 1
            ? null
            : new LinkStatement(lane, from, incarnation, Int64(bytes, Head), last, lowest, bytes[^1] != 0, link);
    }

    // common head, minor (1), number of lanes (2), lowest (8), which link (1); a later minor version may add bytes
    private static byte[] EncodeHello(LinkHello message)
    {
        var bytes = new byte[HelloLength];
        WriteHead(bytes, message, message.Major);
        bytes[CommonHead] = message.Minor;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(CommonHead + 1), (ushort)message.Lanes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(CommonHead + 3), message.Lowest);
        bytes[OldHelloLength] = (byte)message.Link;
        return bytes;
    }

    public static LinkHello? DecodeHello(byte[] bytes)
    {
        if (bytes.Length < OldHelloLength || !TryReadCommonHead(bytes, out var lane, out var from, out var incarnation))
        {
            return null;
        }

        // Of another version only what tells it apart can be read.
        var link = LinkKind.Broadcast;
        var isKnown = bytes[0] != Version || (bytes.Length >= HelloLength && TryReadLink(bytes[OldHelloLength], out link));
        var lowest = Int64(bytes, CommonHead + 3);
        return lowest < 1 || !isKnown
            ? null
            : new LinkHello(lane, from, incarnation, bytes[0], bytes[CommonHead], BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(CommonHead + 1)), lowest, link);
    }

    // head, to (8), lowest (8)
    public static LinkWelcome? DecodeWelcome(byte[] bytes) =>
        bytes.Length == WelcomeLength && TryReadHead(bytes, out var lane, out var from, out var incarnation, out var link) && Int64(bytes, Head + 8) >= 1
            ? new LinkWelcome(lane, from, incarnation, Int64(bytes, Head), Int64(bytes, Head + 8), link)
            : null;

    private static byte[] Encode(LinkMessage message, int length, long first, long second, bool flag = false)
    {
        var bytes = new byte[length];
        WriteHead(bytes, message, Version);
        bytes[CommonHead] = (byte)message.Link;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head), first);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head + 8), second);
        if (length == AckLength)
        {
            bytes[^1] = flag ? (byte)1 : (byte)0;
        }

        return bytes;
    }

    private static void WriteHead(Span<byte> bytes, LinkMessage message, byte version)
    {
        bytes[0] = version;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[1..], (ushort)message.Lane);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[3..], message.From);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[7..], message.Incarnation);
    }

    private static bool TryReadHead(ReadOnlySpan<byte> bytes, out int lane, out uint from, out long incarnation, out LinkKind link) =>
        TryReadCommonHead(bytes, out lane, out from, out incarnation) & TryReadLink(bytes[CommonHead], out link) && bytes[0] == Version;

    private static bool TryReadCommonHead(ReadOnlySpan<byte> bytes, out int lane, out uint from, out long incarnation)
    {
        lane = BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]);
        from = BinaryPrimitives.ReadUInt32LittleEndian(bytes[3..]);
        incarnation = BinaryPrimitives.ReadInt64LittleEndian(bytes[7..]);
        return incarnation >= 1;
    }

    private static bool TryReadLink(byte value, out LinkKind link)
    {
        link = (LinkKind)value;
        return link is LinkKind.Broadcast or LinkKind.Owned;
    }

    private static long Int64(byte[] bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(offset));
}
