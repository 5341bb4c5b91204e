using System.Buffers.Binary;
using Broker.Protocol.Wire;

namespace Broker.Node.Links;

/// <summary>One push of an envelope: topic length (1), topic, format (1), time (8), payload length (4), payload; little-endian.</summary>
internal readonly ref struct EnvelopeEntry
{
    private const int Fixed = 1 + 1 + 8 + 4;

    public ReadOnlySpan<byte> Topic { get; init; }

    public WireFormat Format { get; init; }

    public long Time { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    public int Length => Fixed + Topic.Length + Payload.Length;

    public void Write(Span<byte> destination)
    {
        destination[0] = checked((byte)Topic.Length);
        Topic.CopyTo(destination[1..]);
        var rest = destination[(1 + Topic.Length)..];
        rest[0] = (byte)Format;
        BinaryPrimitives.WriteInt64LittleEndian(rest[1..], Time);
        BinaryPrimitives.WriteInt32LittleEndian(rest[9..], Payload.Length);
        Payload.CopyTo(rest[13..]);
    }

    /// <summary>Takes the first entry off <paramref name="rest"/>; false if that is not a whole entry.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, out EnvelopeEntry entry)
    {
        entry = default;
        if (rest.IsEmpty || rest.Length < Fixed + rest[0])
        {
            return false;
        }

        var head = rest[(1 + rest[0])..];
        var format = (WireFormat)head[0];
        var body = head[13..];
        var length = BinaryPrimitives.ReadInt32LittleEndian(head[9..]);
        if (!Enum.IsDefined(format) || length < 0 || length > body.Length)
        {
            return false;
        }

        entry = new EnvelopeEntry { Topic = rest.Slice(1, rest[0]), Format = format, Time = BinaryPrimitives.ReadInt64LittleEndian(head[1..]), Payload = body[..length] };
        rest = body[length..];
        return true;
    }
}
