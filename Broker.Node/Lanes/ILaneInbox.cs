using Broker.Node.Delivery;

namespace Broker.Node.Lanes;

/// <summary>The lanes of a node, as those see them who ask something of a topic. Thread-safe.</summary>
internal interface ILaneInbox
{
    /// <summary>Lanes; a hash belongs to the one that is its remainder.</summary>
    int Count { get; }

    /// <summary>Posts a command, once in its life, to its topic's lane.</summary>
    void Post(LaneCommand command);

    /// <summary>Has the cursors of a connection that has ended closed.</summary>
    void Leave(IEnumerable<Subscription> subscriptions);
}
