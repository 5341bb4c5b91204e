using Broker.Protocol.Wire;

namespace Broker.Node.Sequenced;

/// <summary>What a node asks the owner about a topic. It is answered once everything that was there before it is committed.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Topic">UTF-8.</param>
internal sealed record TopicQuery(TopicQueryKind Kind, byte[] Topic)
{
    /// <summary>The last that is known; null: none.</summary>
    public TopicPosition? Since { get; init; }

    /// <summary>Of a page: where it ends.</summary>
    public long Through { get; init; }

    /// <summary>Messages at most.</summary>
    public int Limit { get; init; }

    /// <summary>Newest first.</summary>
    public bool Reverse { get; init; }

    /// <summary>Of a subscriber: the user who is to be a member, UTF-8; empty: nobody.</summary>
    public byte[] Member { get; init; } = [];

    /// <summary>Members at most; 0: they are not asked for.</summary>
    public int Members { get; init; }

    /// <summary>Behind which the members begin.</summary>
    public long MembersAfter { get; init; }
}

/// <summary>What a <see cref="TopicQuery"/> asks; one byte between nodes.</summary>
internal enum TopicQueryKind : byte
{
    /// <summary>Nothing: an answer comes when what was asked before has been answered.</summary>
    Barrier,

    /// <summary>Where the topic is, and what is missed since a position.</summary>
    Subscribe,

    /// <summary>More of what was missed.</summary>
    Page,

    History,

    Presence,
}

/// <summary>The owner's answer.</summary>
/// <param name="Sequence">Up to where it has everything: what is committed behind that comes live.</param>
/// <param name="Position">Where the topic is there.</param>
internal sealed record TopicAnswer(long Sequence, TopicPosition Position)
{
    public TopicAnswerError Error { get; init; }

    /// <summary>Whether nothing of what was missed is missing; null: it was not asked for.</summary>
    public bool? Recovered { get; init; }

    /// <summary>They are all kept entries there are.</summary>
    public bool IsSnapshot { get; init; }

    public IReadOnlyList<PartitionEntry> Entries { get; init; } = [];

    /// <summary>There are more behind them.</summary>
    public bool More { get; init; }

    public TopicMembers? Members { get; init; }
}

/// <summary>Why a <see cref="TopicQuery"/> has no other answer; one byte between nodes.</summary>
internal enum TopicAnswerError : byte
{
    None,

    /// <summary>The position is of another life of the topic.</summary>
    Stale,

    /// <summary>There are as many topics as there may be, or as many members of this one.</summary>
    Limited,

    /// <summary>Nobody answered in time.</summary>
    Unavailable,
}

/// <summary>Who is there.</summary>
/// <param name="Connections">Of all of them.</param>
/// <param name="Users">All of them.</param>
/// <param name="Some">A page of them.</param>
/// <param name="After">Behind which sequence the next page begins; 0: there is none.</param>
internal sealed record TopicMembers(long Connections, long Users, IReadOnlyList<TopicMember> Some, long After);

/// <summary>A user of a topic, or a connection without one.</summary>
/// <param name="User">UTF-8.</param>
/// <param name="Info">An encoded value; empty: none.</param>
/// <param name="Format">Of the value.</param>
internal sealed record TopicMember(byte[] User, ReadOnlyMemory<byte> Info, WireFormat Format);
