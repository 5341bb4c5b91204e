namespace Broker.Node.Topics;

/// <summary>The local logs of one lane's topics. Single-threaded: only its lane calls it.</summary>
internal sealed class LaneTopics : ILaneTopics
{
    /// <summary>Topics with a local subscriber.</summary>
    public int Count { get; }

    /// <summary>
    /// Executes a command. For a publish the result is the framed push that peers append (valid until the next call), and
    /// the publisher has been acknowledged; for everything else it is empty.
    /// </summary>
    public ReadOnlySpan<byte> Execute(LaneCommand command) => throw new NotSupportedException(command.ToString());

    /// <summary>Appends a framed push that another node's lane made; nothing happens where the topic has no local subscriber.</summary>
    public void AppendRemote(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> frame) => throw new NotSupportedException($"{topic.Length} {frame.Length} {Count}");

    /// <summary>Appends a <c>gap</c> to every topic with a local subscriber.</summary>
    public void AppendGap() => throw new NotSupportedException($"{Count}");

    /// <summary>Drains every connection made dirty since the last call: the end of a batch.</summary>
    public void Flush() => throw new NotSupportedException($"{Count}");
}
