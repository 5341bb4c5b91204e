using Broker.Node.Delivery;

namespace Broker.Node.Lanes;

/// <summary>The local logs of one lane's topics. Single-threaded: only its lane calls it.</summary>
internal interface ILaneTopics
{
    /// <summary>Topics and patterns with a local subscriber.</summary>
    int Count { get; }

    /// <summary>Subscriptions of connections that have ended are still to be closed.</summary>
    bool HasLeaving { set; }

    /// <summary>
    /// Executes a command. For a publish the result is the push that peers append (valid until the next call), and
    /// the publisher has been acknowledged; for everything else it has no payload.
    /// </summary>
    LogEntry Execute(LaneCommand command);

    /// <summary>
    /// In the place of <see cref="Execute"/> while this node may promise nothing: a publish and a subscribe are answered
    /// <c>unavailable</c>, everything else is executed.
    /// </summary>
    void Refuse(LaneCommand command);

    /// <summary>Closes the cursor of a connection that has ended.</summary>
    void Leave(Subscription subscription);

    /// <summary>Appends a push that another node's lane made; nothing happens where nobody here is subscribed to the topic or to a pattern that matches it.</summary>
    void AppendRemote(ReadOnlySpan<byte> topic, in LogEntry entry);

    /// <summary>Appends a <c>gap</c> to every broadcast topic and every pattern with a local subscriber.</summary>
    void AppendGap();

    /// <summary>The end of a batch: drains every connection made dirty since the last call, or leaves some to another lane's flush.</summary>
    /// <param name="othersFollow">Whether another lane of the node is certain to flush after this; null: none is waited for.</param>
    void Flush(Func<bool>? othersFollow = null);

    /// <summary>Counts what lagging cursors keep and cuts the worst if the node has no room for it; about once a second.</summary>
    void Recount();
}
