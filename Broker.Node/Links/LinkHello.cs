using Akka.Event;

namespace Broker.Node.Links;

/// <summary>
/// Asks a peer to speak to this lane. Published through the sender's mediator and repeated until its <see cref="LinkWelcome"/>
/// arrives, so that an answer proves both mediators' routes.
/// </summary>
/// <remarks>
/// Major: a peer of another major version is refused.
/// Lanes: the sender's lane count; topics hash to lanes, so it must be the same everywhere.
/// Lowest: the lowest number the sender keeps for the addressee; what is below may be missing there.
/// </remarks>
internal sealed record LinkHello(int Lane, uint From, long Incarnation, byte Major, byte Minor, int Lanes, long Lowest)
    : LinkMessage(Lane, From, Incarnation), IDeadLetterSuppression;
