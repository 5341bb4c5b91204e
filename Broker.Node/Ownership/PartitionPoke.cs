using System.Buffers.Binary;
using Akka.Event;
using Broker.Node.Links;
using Broker.Node.Topics;

namespace Broker.Node.Ownership;

/// <summary>Asks that somebody owns a partition: an entity starts only on a message.</summary>
/// <param name="Partition">0 to <see cref="TopicName.Partitions"/> - 1.</param>
internal sealed record PartitionPoke(int Partition) : IBrokerMessage, IDeadLetterSuppression
{
    private const int Length = 1 + 2;

    /// <summary>Version (1), partition (2, little-endian).</summary>
    public byte[] Encode()
    {
        var bytes = new byte[Length];
        bytes[0] = LinkProtocol.Major;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(1), (ushort)Partition);
        return bytes;
    }

    /// <summary>Null to anything that is not of this form.</summary>
    public static PartitionPoke? Decode(byte[] bytes) =>
        bytes.Length == Length && bytes[0] == LinkProtocol.Major && BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(1)) is < TopicName.Partitions and var partition
            ? new PartitionPoke(partition)
            : null;
}
