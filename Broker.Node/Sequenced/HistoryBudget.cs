namespace Broker.Node.Sequenced;

/// <summary>What sequenced topics take of a node, and the most that they may. Thread-safe.</summary>
/// <param name="maxTopics">Topics of which something is known.</param>
/// <param name="maxBytes">Of all that they keep.</param>
/// <param name="maxTopicBytes">Of the history, or the kept entries, of one topic.</param>
/// <param name="maxKeys">Of one topic.</param>
internal sealed class HistoryBudget(int maxTopics, long maxBytes, long maxTopicBytes, int maxKeys)
{
    private long _bytes;
    private int _topics;

    /// <summary>Committed entries of a partition that stay whole, for those who are a little behind.</summary>
    public int Window { get; init; } = 512;

    public long MaxTopicBytes => maxTopicBytes;

    public int MaxKeys => maxKeys;

    /// <summary>Of entries, roughly.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public int Topics => Volatile.Read(ref _topics);

    public bool AreTopicsFull => Topics >= maxTopics;

    /// <summary>More than there may be: what was longest not used goes.</summary>
    public bool IsOver => Bytes > maxBytes || Topics >= maxTopics;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void AddTopics(int topics) => Interlocked.Add(ref _topics, topics);
}
