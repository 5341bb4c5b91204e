using System.Buffers.Binary;
using System.Text;
using Broker.Node.Links;

namespace Broker.Node.Membership;

/// <summary>
/// Layout of what nodes say to each other about the cluster itself, little-endian: version (1), sender's node uid (4), then per
/// message. A decoder answers null to anything that is not of its form.
/// </summary>
internal static class MembershipCodec
{
    private const int Head = 1 + 4;
    private const int PulseLength = Head + 8 + 1;
    private const int MeetingHead = Head + 1 + 4;
    private const int MeetingAnswerLength = Head + 1;

    /// <summary>Longest address of a node in a message.</summary>
    private const int MaxAddress = 512;

    /// <summary>Null: not one of them.</summary>
    public static byte[]? Encode(IBrokerMessage message) => message switch
    {
        Pulse m => Encode(m.From, m.Number, m.Serves),
        PulseAnswer m => Encode(m.From, m.Number, m.Serves),
        Meeting m => Encode(m),
        MeetingAnswer m => [.. WithHead(m.From, Head), (byte)m.Verdict],
        _ => null,
    };

    // head, number (8), serves (1)
    private static byte[] Encode(uint from, long number, bool serves)
    {
        var bytes = WithHead(from, PulseLength);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head), number);
        bytes[^1] = serves ? (byte)1 : (byte)0;
        return bytes;
    }

    public static Pulse? DecodePulse(byte[] bytes) =>
        TryReadPulse(bytes, out var from, out var number) ? new Pulse(from, number, bytes[^1] != 0) : null;

    public static PulseAnswer? DecodePulseAnswer(byte[] bytes) =>
        TryReadPulse(bytes, out var from, out var number) ? new PulseAnswer(from, number, bytes[^1] != 0) : null;

    // head, serves (1), size (4), lowest address
    private static byte[] Encode(Meeting message)
    {
        var bytes = WithHead(message.From, MeetingHead + Encoding.UTF8.GetByteCount(message.Lowest));
        bytes[Head] = message.Serves ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Head + 1), message.Size);
        Encoding.UTF8.GetBytes(message.Lowest, bytes.AsSpan(MeetingHead));
        return bytes;
    }

    public static Meeting? DecodeMeeting(byte[] bytes) =>
        TryReadHead(bytes, MeetingHead, out var from) && bytes.Length <= MeetingHead + MaxAddress && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(Head + 1)) is >= 1 and var size
            ? new Meeting(from, bytes[Head] != 0, size, Encoding.UTF8.GetString(bytes.AsSpan(MeetingHead)))
            : null;

    // head, verdict (1)
    public static MeetingAnswer? DecodeMeetingAnswer(byte[] bytes) =>
        bytes.Length == MeetingAnswerLength && TryReadHead(bytes, MeetingAnswerLength, out var from) && Enum.IsDefined((MeetingVerdict)bytes[Head])
            ? new MeetingAnswer(from, (MeetingVerdict)bytes[Head])
            : null;

    private static bool TryReadPulse(byte[] bytes, out uint from, out long number)
    {
        number = 0;
        if (bytes.Length != PulseLength || !TryReadHead(bytes, PulseLength, out from))
        {
            from = 0;
            return false;
        }

        number = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(Head));
        return true;
    }

    private static byte[] WithHead(uint from, int length)
    {
        var bytes = new byte[length];
        bytes[0] = LinkProtocol.Major;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), from);
        return bytes;
    }

    private static bool TryReadHead(ReadOnlySpan<byte> bytes, int least, out uint from)
    {
        from = bytes.Length >= Head ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]) : 0;
        return bytes.Length >= least && bytes[0] == LinkProtocol.Major;
    }
}
