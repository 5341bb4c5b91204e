using Akka.Event;

namespace Broker.Node.Links;

/// <summary>Answer to a <see cref="LinkHello"/>, published through the answering node's mediator: from now on it keeps envelopes.</summary>
/// <remarks>
/// To: incarnation whose hello is answered.
/// Lowest: the lowest number the answering node keeps: where the addressee starts.
/// </remarks>
internal sealed record LinkWelcome(int Lane, uint From, long Incarnation, long To, long Lowest)
    : LinkMessage(Lane, From, Incarnation), IDeadLetterSuppression;
