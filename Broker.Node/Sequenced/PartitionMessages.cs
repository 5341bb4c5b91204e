namespace Broker.Node.Sequenced;

/// <summary>What lanes of different nodes, or of one, say to each other about a partition. Any of them may be lost; those of two lanes keep their order, but for <see cref="Pulled"/> and pages.</summary>
/// <param name="Generation">Whose owner says it, or is meant. A lower one than the receiver knows is answered <see cref="Refused"/>.</param>
internal abstract record PartitionMessage(Generation Generation);

/// <summary>A new owner asks everybody who serves; from then on lower generations are refused.</summary>
internal sealed record TakeOver(Generation Generation) : PartitionMessage(Generation);

/// <summary>What a lane has: its answer to <see cref="TakeOver"/>.</summary>
/// <param name="Set">The newest copy set that it knows; null: none.</param>
/// <param name="IsHolder">It holds what that set promises.</param>
/// <param name="Epoch">Of its log.</param>
/// <param name="Start">Of its log.</param>
/// <param name="Sections">Of its log.</param>
/// <param name="Commit">What it knows to be committed.</param>
internal sealed record Head(Generation Generation, CopySet? Set, bool IsHolder, ulong Epoch, long Start, IReadOnlyList<LogSection> Sections, long Commit) : PartitionMessage(Generation)
{
    /// <summary>Of two logs of holders of one set the higher one has all that was committed, and is the later one.</summary>
    public LogSection Last => Sections.Count > 0 ? Sections[^1] : default;

    /// <summary>Up to where a log from the beginning has the same entries; -1: nothing says so.</summary>
    public long CommonWith(ulong epoch, IReadOnlyList<LogSection> sections) => epoch == Epoch && Start == 0 ? PartitionLog.Common(sections, Sections) : -1;
}

/// <summary>Says to the owner of a lower generation that it has been replaced.</summary>
/// <param name="Highest">That the sender knows.</param>
internal sealed record Refused(Generation Generation, Generation Highest) : PartitionMessage(Generation);

/// <summary>Asks for entries behind a sequence.</summary>
internal sealed record Pull(Generation Generation, long After) : PartitionMessage(Generation);

/// <summary>Some of them, in their order. May come later than what was said behind it.</summary>
/// <param name="After">What was asked: nothing that is there is missing between the sequence and the first.</param>
/// <param name="End">Of the log that they come from.</param>
/// <param name="Floor">A log that ends between 0 and this must begin anew, by asking from the beginning.</param>
internal sealed record Pulled(Generation Generation, long After, IReadOnlyList<PartitionEntry> Entries, long End, long Floor) : PartitionMessage(Generation);

/// <summary>The owner states what holds: when it begins, to who registers, to who becomes its copy, and to all again and again.</summary>
/// <param name="Epoch">Of its log.</param>
/// <param name="End">Of its log.</param>
/// <param name="Commit">Its commit number.</param>
/// <param name="Keep">Up to where the log of the receiver is known to be the owner's; beyond what is committed there the receiver drops its own.</param>
/// <param name="IsCopy">The receiver is to hold the whole log, and says what it has by <see cref="Copied"/>.</param>
/// <param name="Set">The set that counts; null: none of this generation does yet.</param>
internal sealed record Stated(Generation Generation, ulong Epoch, long End, long Commit, long Keep, bool IsCopy, CopySet? Set) : PartitionMessage(Generation)
{
    /// <summary>Answers <see cref="Register"/> of this number; 0: answers none.</summary>
    public long Registration { get; init; }

    /// <summary>With an answer: the highest number taken of the receiver's forwards.</summary>
    public long Taken { get; init; }
}

/// <summary>The owner has appended an entry.</summary>
internal sealed record Appended(Generation Generation, PartitionEntry Entry, long Commit) : PartitionMessage(Generation);

/// <summary>The commit number has moved.</summary>
internal sealed record Committed(Generation Generation, long Commit) : PartitionMessage(Generation);

/// <summary>A copy has everything up to here. Nothing else makes an entry committed: that a link has delivered it does not.</summary>
internal sealed record Copied(Generation Generation, long End) : PartitionMessage(Generation);

/// <summary>The owner tells of a new set: the copy first, then those that the set drops.</summary>
/// <param name="Set">The set.</param>
/// <param name="Through">What the copy must have before it confirms.</param>
internal sealed record SetTold(Generation Generation, CopySet Set, long Through) : PartitionMessage(Generation);

internal sealed record SetConfirmed(Generation Generation, int Number) : PartitionMessage(Generation);

/// <summary>A replica says what it has here: in a new generation, after a gap on the link, and when it has changed.</summary>
/// <param name="Number">Counts the registrations of a lane.</param>
/// <param name="IsInterested">It has subscribers: entries are to be sent to it as they come.</param>
/// <param name="First">The number of the oldest forward that is not answered.</param>
/// <param name="AreMembersAnew">Who is there is said anew, once this is answered.</param>
internal sealed record Register(Generation Generation, long Number, bool IsInterested, long First, bool AreMembersAnew) : PartitionMessage(Generation);

internal sealed record Forwarded(Generation Generation, Forward Forward) : PartitionMessage(Generation);

/// <summary>A forward was committed.</summary>
/// <param name="Number">The forward's.</param>
/// <param name="Outcome">What was made of it.</param>
/// <param name="Position">In the life of its topic; of offset 0: it had been given up.</param>
/// <param name="Copies">How many lanes have it, as far as the owner knows: it, and the copy.</param>
internal sealed record Answered(Generation Generation, long Number, PublishOutcome Outcome, TopicPosition Position, int Copies) : PartitionMessage(Generation);

/// <summary>A lane asks the owner something. Not repeated unless the owner changes or the link has a gap.</summary>
/// <param name="Id">Counts what the lane asks.</param>
internal sealed record Asked(Generation Generation, long Id, TopicQuery Query) : PartitionMessage(Generation);

internal sealed record Told(Generation Generation, long Id, TopicAnswer Answer) : PartitionMessage(Generation)
{
    /// <summary>Of what was missed: the answer may come later than what was said behind it. Not said to the other.</summary>
    public bool IsPage { get; init; }
}

/// <summary>A lane says how many connections of a user are subscribed to a topic there.</summary>
/// <param name="Topic">UTF-8.</param>
/// <param name="Member">Who.</param>
/// <param name="Connections">0: none any more.</param>
internal sealed record MemberTold(Generation Generation, byte[] Topic, TopicMember Member, int Connections) : PartitionMessage(Generation);

/// <summary>A lane says who is subscribed there, a page at a time.</summary>
/// <param name="Number">Counts the pages of a lane; the next is said when this one was <see cref="MembersTaken"/>.</param>
/// <param name="Members">Of several topics.</param>
internal sealed record MembersTold(Generation Generation, long Number, IReadOnlyList<MemberTold> Members) : PartitionMessage(Generation);

internal sealed record MembersTaken(Generation Generation, long Number) : PartitionMessage(Generation);

/// <summary>The owner's node has given up the partition: somebody else is to own it.</summary>
internal sealed record Released(Generation Generation) : PartitionMessage(Generation);
