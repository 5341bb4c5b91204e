namespace Broker.Node.Sequenced;

/// <summary>One life of a lane: a lane that failed and began again is another one, and so is a node.</summary>
internal readonly record struct LaneId(uint Node, uint Incarnation) : IComparable<LaneId>
{
    public int CompareTo(LaneId other) => (Node, Incarnation).CompareTo((other.Node, other.Incarnation));
}

/// <summary>One ownership of a partition. Two lanes that take over at once make two, of which everybody knows the higher one.</summary>
/// <param name="Number">One more than the highest that the owner knew; 0: nobody has owned the partition yet.</param>
/// <param name="Owner">Whose it is.</param>
internal readonly record struct Generation(long Number, LaneId Owner) : IComparable<Generation>
{
    public int CompareTo(Generation other) => (Number, Owner).CompareTo((other.Number, other.Owner));

    public static bool operator <(Generation left, Generation right) => left.CompareTo(right) < 0;

    public static bool operator >(Generation left, Generation right) => left.CompareTo(right) > 0;

    public static bool operator <=(Generation left, Generation right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Generation left, Generation right) => left.CompareTo(right) >= 0;
}

/// <summary>The entries of one generation in a log.</summary>
/// <param name="Generation">Theirs.</param>
/// <param name="End">The sequence of the last of them.</param>
internal readonly record struct LogSection(Generation Generation, long End);

/// <summary>The lanes that hold all committed entries of a partition, from the time at which the set counts.</summary>
/// <param name="Generation">Whose owner made it.</param>
/// <param name="Number">1, 2, 3, … within the generation.</param>
/// <param name="Owner">Holds the log.</param>
/// <param name="Copy">Holds the same; null: there is nobody else.</param>
internal sealed record CopySet(Generation Generation, int Number, LaneId Owner, LaneId? Copy)
{
    public bool Has(LaneId lane) => lane == Owner || lane == Copy;

    public bool IsNewerThan(CopySet? other) => other is null || (Generation, Number).CompareTo((other.Generation, other.Number)) > 0;
}
