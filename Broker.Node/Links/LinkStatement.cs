using Akka.Event;

namespace Broker.Node.Links;

/// <summary>What a link that sends nothing has sent so far: shows the loss of the last envelopes.</summary>
/// <remarks>
/// To: incarnation of the addressee.
/// Last: the last number sent; Lowest - 1 if nothing is kept.
/// Lowest: the lowest number still kept.
/// Goodbye: nothing will follow: the node stops in good order.
/// </remarks>
internal sealed record LinkStatement(int Lane, uint From, long Incarnation, long To, long Last, long Lowest, bool Goodbye = false)
    : LinkMessage(Lane, From, Incarnation), IDeadLetterSuppression;
