namespace Broker.Node.Sequenced;

/// <summary>What a partition's part on a lane does; a lane carries it out.</summary>
internal interface IPartitionOutput
{
    /// <summary>To a lane, also to the own one. May be lost on the way.</summary>
    /// <returns>False: it certainly does not go there; the link has no room for it, or there is none.</returns>
    bool Send(LaneId to, PartitionMessage message);

    /// <summary>A committed entry, for the subscribers here. In the order of the sequence, each once.</summary>
    void Deliver(ulong epoch, PartitionEntry entry);

    /// <summary>Subscribers here may have missed something; it goes on behind this position.</summary>
    void Gap(ulong epoch, long sequence);

    /// <summary>The end of a publish from here, told once.</summary>
    /// <param name="token">Given when it was published.</param>
    /// <param name="end">What became of it.</param>
    /// <param name="position">Where it is, or what stands in its way.</param>
    /// <param name="copies">How many nodes have it; 0: nobody knows.</param>
    void Answer(long token, PublishEnd end, TopicPosition position, int copies);

    /// <summary>
    /// The answer to a question from here, told once. Of <see cref="TopicQueryKind.Subscribe"/>, without an error: all that was delivered
    /// before is in the answer, and nothing of what is delivered from now on.
    /// </summary>
    void Told(long token, TopicAnswer answer);
}

/// <summary>How a publish on a sequenced topic ended.</summary>
internal enum PublishEnd
{
    Published,

    /// <summary>See <see cref="PublishOutcome.Conflict"/>.</summary>
    Conflict,

    /// <summary>See <see cref="PublishOutcome.Limited"/>.</summary>
    Limited,

    /// <summary>It may have been taken, and may be seen or not.</summary>
    Timeout,

    /// <summary>It certainly was not taken.</summary>
    Unavailable,
}
