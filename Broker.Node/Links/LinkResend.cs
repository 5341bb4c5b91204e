using Akka.Event;

namespace Broker.Node.Links;

/// <summary>Asks for everything kept from Number on.</summary>
/// <remarks>
/// To: incarnation that numbered it.
/// </remarks>
internal sealed record LinkResend(int Lane, uint From, long Incarnation, long To, long Number)
    : LinkMessage(Lane, From, Incarnation), IDeadLetterSuppression;
