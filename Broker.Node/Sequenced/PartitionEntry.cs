using Broker.Protocol.Wire;

namespace Broker.Node.Sequenced;

/// <summary>A publish, or another change of a topic, on its way to the owner of its partition.</summary>
/// <param name="Origin">The lane that a client or the application gave it to; none: the owner itself says so, which needs no number.</param>
/// <param name="Number">1, 2, 3, … within the origin's life and the partition: the owner takes them in this order, and each once.</param>
/// <param name="Topic">UTF-8; null: it was given up, and only its number goes on.</param>
internal sealed record Forward(LaneId Origin, long Number, byte[]? Topic)
{
    public ForwardKind Kind { get; init; }

    /// <summary>The message that clients read; of a removal without <c>data</c>, of a member the information about it.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    public WireFormat Format { get; init; }

    /// <summary>When it was published, in milliseconds since the epoch.</summary>
    public long Time { get; init; }

    /// <summary>The connection of the origin's node that it must not reach live; 0: none.</summary>
    public long Connection { get; init; }

    /// <summary>The kept entry that it is about, or the member; empty: the entry without a name.</summary>
    public byte[] Subject { get; init; } = [];

    /// <summary>Who publishes and the key under which it is taken once; null: it may be taken again.</summary>
    public byte[]? Key { get; init; }

    /// <summary>Tells other data under the same key from the same data.</summary>
    public long Digest { get; init; }

    /// <summary>What the kept entry must have now; null: anything.</summary>
    public TopicPosition? If { get; init; }

    /// <summary>Of a member: there are too many for each to be told to the others.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>Bytes that it takes up, roughly.</summary>
    public int Weight => 256 + Payload.Length + Subject.Length + (Key?.Length ?? 0);
}

/// <summary>What a <see cref="Forward"/> does; one byte between nodes.</summary>
internal enum ForwardKind : byte
{
    Publish,

    /// <summary>Takes a kept entry away.</summary>
    Remove,

    /// <summary>By the owner: takes a kept entry away whose time is over.</summary>
    Expire,

    /// <summary>By the owner: somebody asks about a topic that nothing was published to yet.</summary>
    Begin,

    /// <summary>By the owner: a user has come to a topic.</summary>
    Join,

    /// <summary>By the owner: a user has gone.</summary>
    Leave,

    /// <summary>By the owner: how many users there are, where they are too many to be named one by one.</summary>
    Count,

    /// <summary>By the owner: ends the life of a topic that nobody used for long.</summary>
    Evict,

    /// <summary>The application asks something of a user's connections, in the order of what is published to the user.</summary>
    Order,
}

/// <summary>A place in the life of a topic.</summary>
/// <param name="Epoch">Of the partition; 0: of no life.</param>
/// <param name="Birth">Sequence of the topic's first entry.</param>
/// <param name="Offset">1, 2, 3, …; 0: before the first.</param>
internal readonly record struct TopicPosition(ulong Epoch, long Birth, long Offset);

/// <summary>A forward in the log of its partition.</summary>
/// <param name="Sequence">1, 2, 3, … within the partition's epoch.</param>
/// <param name="Generation">Whose owner put it there: logs that have an entry of the same sequence and generation are the same up to it
/// (Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm, 2014, section 5.3).</param>
/// <param name="Offset">1, 2, 3, … within the life of its topic; 0: it changes nothing that is counted. Of what was not taken, that of what stands in its way.</param>
/// <param name="Forward">What was published.</param>
internal sealed record PartitionEntry(long Sequence, Generation Generation, long Offset, Forward Forward)
{
    /// <summary>Sequence of the first entry in the life of its topic.</summary>
    public long Birth { get; init; }

    public PublishOutcome Outcome { get; init; }

    /// <summary>Nothing of it is left but what follows from it: its content is no part of any history any more.</summary>
    public bool IsStub { get; init; }

    /// <summary>It changes its topic.</summary>
    public bool IsTaken => Outcome == PublishOutcome.Taken && Forward.Topic is not null;

    /// <summary>It takes something away: who has what it takes must not miss it.</summary>
    public bool IsRemoval => IsTaken && Forward.Kind is ForwardKind.Remove or ForwardKind.Expire or ForwardKind.Leave or ForwardKind.Evict;

    public PartitionEntry ToStub() => this with { IsStub = true, Forward = Forward with { Payload = default } };
}

/// <summary>What the owner made of a forward; one byte between nodes. What was not taken stands in the log as well: its answer is part of the order.</summary>
internal enum PublishOutcome : byte
{
    Taken,

    /// <summary>The same was taken before, under the same key.</summary>
    Repeated,

    /// <summary>Other data was taken before under the same key, or the kept entry is not what it must be.</summary>
    Conflict,

    /// <summary>Its topic has as many kept entries or keys as it may have, or there are as many topics.</summary>
    Limited,
}
