using System.Buffers.Binary;
using Broker.Protocol.Wire;

namespace Broker.Node.Links;

/// <summary>What an entry is; one byte between nodes.</summary>
internal enum EntryKind : byte
{
    /// <summary>A push, to be appended to the topic's logs.</summary>
    Publish = 1,

    /// <summary>A part of an entry that is too large for an envelope.</summary>
    Piece = 2,

    /// <summary>On the owned link: what lanes say about a partition of sequenced topics.</summary>
    Partition = 3,

    /// <summary>On the owned link: the sender's node stops, and is to hold nothing any more. Empty.</summary>
    Leaving = 4,

    /// <summary>On the owned link: what somebody asks of a room, or what a room says.</summary>
    Room = 5,
}

/// <summary>
/// One entry of an envelope, little-endian: kind (1), marks (1: bit 0 the format, bit 1 an origin follows, bit 2 a time follows),
/// topic length (1), topic, origin (8), time (8), payload length (4), payload. The payload is opaque here.
/// </summary>
/// <param name="kind">What it is.</param>
/// <param name="topic">Up to 255 bytes.</param>
/// <param name="format">Of the payload.</param>
/// <param name="origin">The publishing connection; 0 for none.</param>
/// <param name="time">Milliseconds since the epoch; 0 for none.</param>
/// <param name="payload">Its content.</param>
internal readonly ref struct EnvelopeEntry(EntryKind kind, ReadOnlySpan<byte> topic, WireFormat format, long origin, long time, ReadOnlySpan<byte> payload)
{
    /// <summary>Bytes of an entry without topic, origin, time and payload.</summary>
    public const int Overhead = 1 + 1 + 1 + 4;

    private const int FormatMark = 1;
    private const int OriginMark = 2;
    private const int TimeMark = 4;

    public EntryKind Kind { get; } = kind;

    public ReadOnlySpan<byte> Topic { get; } = topic;

    public WireFormat Format { get; } = format;

    public long Origin { get; } = origin;

    public long Time { get; } = time;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>Bytes it takes in an envelope.</summary>
    public int Length => Overhead + Topic.Length + (Origin == 0 ? 0 : 8) + (Time == 0 ? 0 : 8) + Payload.Length;

    public void Write(Span<byte> destination)
    {
        destination[0] = (byte)Kind;
        destination[1] = (byte)((byte)Format | (Origin == 0 ? 0 : OriginMark) | (Time == 0 ? 0 : TimeMark));
        destination[2] = checked((byte)Topic.Length);
        Topic.CopyTo(destination[3..]);
        var rest = destination[(3 + Topic.Length)..];
        WriteNumber(Origin, ref rest);
        WriteNumber(Time, ref rest);
        BinaryPrimitives.WriteInt32LittleEndian(rest, Payload.Length);
        Payload.CopyTo(rest[4..]);
    }

    /// <summary>Takes the first entry off <paramref name="rest"/>; false if that is not a whole entry.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, out EnvelopeEntry entry)
    {
        entry = default;
        if (rest.Length < Overhead || rest[0] is < (byte)EntryKind.Publish or > (byte)EntryKind.Room || rest[1] > (FormatMark | OriginMark | TimeMark))
        {
            return false;
        }

        var (marks, name) = (rest[1], rest[2]);
        var head = 3 + name + ((marks & OriginMark) == 0 ? 0 : 8) + ((marks & TimeMark) == 0 ? 0 : 8);
        if (rest.Length < head + 4)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(rest[head..]);
        var body = rest[(head + 4)..];
        if (length < 0 || length > body.Length)
        {
            return false;
        }

        var numbers = rest[(3 + name)..];
        var origin = ReadNumber(marks & OriginMark, ref numbers);
        var time = ReadNumber(marks & TimeMark, ref numbers);
        entry = new EnvelopeEntry((EntryKind)rest[0], rest.Slice(3, name), (WireFormat)(marks & FormatMark), origin, time, body[..length]);
        rest = body[length..];
        return true;
    }

    private static void WriteNumber(long number, ref Span<byte> rest)
    {
        if (number != 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, number);
            rest = rest[8..];
        }
    }

    private static long ReadNumber(int mark, ref ReadOnlySpan<byte> rest)
    {
        if (mark == 0)
        {
            return 0;
        }

        var number = BinaryPrimitives.ReadInt64LittleEndian(rest);
        rest = rest[8..];
        return number;
    }
}
