using Broker.Protocol.Wire;

namespace Broker.Node.Sequenced;

/// <summary>A publish on its way to the owner of its partition.</summary>
/// <param name="Origin">The lane that a client or the application gave it to.</param>
/// <param name="Number">1, 2, 3, … within the origin's life and the partition: the owner takes them in this order, and each once.</param>
/// <param name="Topic">Null: the publish was given up, and only its number goes on.</param>
internal sealed record Forward(LaneId Origin, long Number, string? Topic)
{
    /// <summary>The message that clients read.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    public WireFormat Format { get; init; }

    /// <summary>When it was published, in milliseconds since the epoch.</summary>
    public long Time { get; init; }
}

/// <summary>A publish in the log of its partition.</summary>
/// <param name="Sequence">1, 2, 3, … within the partition's epoch.</param>
/// <param name="Generation">Whose owner put it there: logs that have an entry of the same sequence and generation are the same up to it
/// (Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm, 2014, section 5.3).</param>
/// <param name="Offset">1, 2, 3, … within the life of its topic; 0: a publish that was given up, which nobody sees.</param>
/// <param name="Forward">What was published.</param>
internal sealed record PartitionEntry(long Sequence, Generation Generation, long Offset, Forward Forward);
