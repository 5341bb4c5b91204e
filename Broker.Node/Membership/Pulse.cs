using Akka.Event;
using Broker.Node.Links;

namespace Broker.Node.Membership;

/// <summary>Asks a member whether this node still counts there.</summary>
/// <param name="From">Uid of the sender.</param>
/// <param name="Number">Counts up by one for each round.</param>
/// <param name="Serves">The sender serves clients.</param>
internal sealed record Pulse(uint From, long Number, bool Serves) : IBrokerMessage, IDeadLetterSuppression;

/// <summary>It does: the addressee does not see the sender Down, Exiting or removed.</summary>
/// <param name="From">Uid of the node that answers.</param>
/// <param name="Number">Of the pulse.</param>
/// <param name="Serves">The node that answers serves clients.</param>
internal sealed record PulseAnswer(uint From, long Number, bool Serves) : IBrokerMessage, IDeadLetterSuppression;
