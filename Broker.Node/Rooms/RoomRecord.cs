using System.Buffers.Binary;

namespace Broker.Node.Rooms;

/// <summary>
/// What is kept of a room: who runs it, and its snapshot. Bytes: version (1), generation (8), node (4), life (8), all little-endian, then the snapshot.
/// </summary>
/// <param name="Generation">Counts those who have run the room; from 1.</param>
/// <param name="Node">Uid of the node that runs it.</param>
/// <param name="Life">Of the actor that runs it; random.</param>
/// <param name="Snapshot">Of <see cref="Broker.Rooms.Hosting.RoomHost.TakeSnapshot"/>.</param>
internal sealed record RoomRecord(long Generation, uint Node, long Life, ReadOnlyMemory<byte> Snapshot)
{
    private const byte Version = 1;
    private const int Head = 1 + 8 + 4 + 8;

    public byte[] ToBytes()
    {
        var bytes = new byte[Head + Snapshot.Length];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(9), Node);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(13), Life);
        Snapshot.Span.CopyTo(bytes.AsSpan(Head));
        return bytes;
    }

    /// <summary>Null to anything that is not of this form.</summary>
    public static RoomRecord? Read(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        return bytes.Length >= Head && span[0] == Version && BinaryPrimitives.ReadInt64LittleEndian(span[1..]) is > 0 and var generation
            ? new RoomRecord(generation, BinaryPrimitives.ReadUInt32LittleEndian(span[9..]), BinaryPrimitives.ReadInt64LittleEndian(span[13..]), bytes[Head..])
            : null;
    }
}
