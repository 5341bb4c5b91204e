namespace Broker.Node.Links;

/// <summary>What one end of a link says to the other.</summary>
/// <param name="Lane">Lane the link belongs to.</param>
/// <param name="From">Uid of the sender's node: a restarted process has another.</param>
/// <param name="Incarnation">Incarnation of the sender's lane on that node, from 1: a lane that failed has the next.</param>
internal abstract record LinkMessage(int Lane, uint From, long Incarnation) : IBrokerMessage;
