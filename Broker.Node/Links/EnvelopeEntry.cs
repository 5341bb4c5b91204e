using System.Buffers.Binary;

namespace Broker.Node.Links;

/// <summary>One message of an envelope: topic length (1), topic, frame length (4, little-endian), framed push as it lies in logs.</summary>
internal static class EnvelopeEntry
{
    /// <summary>The header of the shortest frame (RFC 6455 section 5.2).</summary>
    private const int ShortestFrame = 2;

    public static int Length(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> frame) => 1 + topic.Length + 4 + frame.Length;

    public static void Write(Span<byte> destination, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> frame)
    {
        destination[0] = checked((byte)topic.Length);
        topic.CopyTo(destination[1..]);
        BinaryPrimitives.WriteInt32LittleEndian(destination[(1 + topic.Length)..], frame.Length);
        frame.CopyTo(destination[(1 + topic.Length + 4)..]);
    }

    /// <summary>Takes the first entry off <paramref name="rest"/>; false if that is not a whole entry.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> frame)
    {
        topic = frame = default;
        if (rest.IsEmpty || rest.Length < 1 + rest[0] + 4)
        {
            return false;
        }

        var name = rest.Slice(1, rest[0]);
        var body = rest[(1 + name.Length + 4)..];
        var length = BinaryPrimitives.ReadInt32LittleEndian(rest[(1 + name.Length)..]);
        if (length < ShortestFrame || length > body.Length)
        {
            return false;
        }

        topic = name;
        frame = body[..length];
        rest = body[length..];
        return true;
    }
}
