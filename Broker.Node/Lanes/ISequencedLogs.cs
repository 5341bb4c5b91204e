using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>The local logs of one lane's topics, as sequenced topics use them. Single-threaded: only its lane calls it.</summary>
internal interface ISequencedLogs
{
    LaneReplies Replies { get; }

    /// <summary>Whether a topic has room for one more subscriber of this node.</summary>
    /// <param name="subscription">The one.</param>
    /// <param name="maxSubscribers">0: no bound.</param>
    bool Admits(Subscription subscription, int maxSubscribers);

    /// <summary>Opens a cursor: it has what is appended from now on.</summary>
    void Open(Subscription subscription);

    /// <summary>Has a connection look at what was put before its cursor.</summary>
    void Show(Subscription subscription);

    /// <inheritdoc cref="ILaneTopics.Execute"/>
    LogEntry Execute(LaneCommand command);

    /// <inheritdoc cref="ILaneTopics.Refuse"/>
    void Refuse(LaneCommand command);

    /// <inheritdoc cref="ILaneTopics.Leave"/>
    void Leave(Subscription subscription);

    /// <inheritdoc cref="ILaneTopics.AppendRemote"/>
    void AppendRemote(ReadOnlySpan<byte> topic, in LogEntry entry);

    /// <summary>Appends to the logs of one topic, and to no pattern's.</summary>
    void AppendTo(byte[] topic, in LogEntry entry);

    /// <summary>A cursor has what was appended until now, and nothing more.</summary>
    void End(Subscription subscription);

    /// <summary>Appends to the logs of those who asked to see the members of a topic.</summary>
    void AppendMembers(byte[] topic, in LogEntry entry);

    /// <summary>Appends a <c>gap</c> to the logs of one topic.</summary>
    void AppendGap(byte[] topic, GapMessage gap);

    /// <summary>Appends a <c>gap</c> to the logs of patterns: topics that nobody here is subscribed to by name may have missed something.</summary>
    void AppendPatternGap();
}
