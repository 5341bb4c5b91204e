using Akka.Event;

namespace Broker.Node.Links;

/// <summary>All numbers up to Number have arrived or were given up.</summary>
/// <remarks>
/// To: incarnation that numbered them.
/// Goodbye: also acknowledges a goodbye.
/// </remarks>
internal sealed record LinkAck(int Lane, uint From, long Incarnation, long To, long Number, bool Goodbye = false)
    : LinkMessage(Lane, From, Incarnation), IDeadLetterSuppression;
