using Akka.Event;

namespace Broker.Node.Links;

/// <summary>Marks what nodes say to each other; bound to <c>BrokerSerializer</c> in the Akka configuration.</summary>
internal interface IBrokerMessage;

/// <summary>Version of what nodes say to each other.</summary>
internal static class LinkProtocol
{
    /// <summary>Nodes of different major versions refuse each other. Also the first byte of every message.</summary>
    public const byte Major = 3;

    /// <summary>Raised when something is added that older nodes may ignore.</summary>
    public const byte Minor = 0;
}

/// <summary>One life of a lane on a node: one end of its links.</summary>
/// <remarks>
/// Lane: 0 .. Lanes - 1.
/// Node: uid of the node.
/// Incarnation: from 1; a lane that failed is followed by the next.
/// </remarks>
internal sealed record LaneIdentity(int Lane, int Lanes, uint Node, long Incarnation)
{
    /// <summary>The mediator topic that the lane subscribes to for life.</summary>
    public string Topic => TopicOf(Node);

    /// <summary>The mediator topic of this lane's counterpart on another node.</summary>
    public string TopicOf(uint node) => $"lane.{Lane}.{node}";
}

/// <summary>Which of the two links of a lane with a peer; one byte between nodes.</summary>
internal enum LinkKind : byte
{
    /// <summary>To all peers: publishers wait for its window, for a while, then the peer is skipped.</summary>
    Broadcast,

    /// <summary>
    /// Of what a node owns, to one peer: what has come is acknowledged at once, and what does not fit its window is refused. Opens
    /// with its first entry, so that it costs nothing where it is not used.
    /// </summary>
    Owned,
}

/// <summary>What one end of a link says to the other.</summary>
/// <param name="Lane">Lane the link belongs to.</param>
/// <param name="From">Uid of the sender's node: a restarted process has another.</param>
/// <param name="Incarnation">Incarnation of the sender's lane on that node, from 1: a lane that failed has the next.</param>
/// <param name="Link">Which of the two links.</param>
internal abstract record LinkMessage(int Lane, uint From, long Incarnation, LinkKind Link) : IBrokerMessage;

/// <summary>
/// Asks a peer to speak to this lane. Published through the sender's mediator and repeated until its <see cref="LinkWelcome"/>
/// arrives, so that an answer proves both mediators' routes.
/// </summary>
/// <remarks>
/// Major: a peer of another major version is refused.
/// Lanes: the sender's lane count; topics hash to lanes, so it must be the same everywhere.
/// Lowest: the lowest number the sender keeps for the addressee; what is below may be missing there.
/// </remarks>
internal sealed record LinkHello(int Lane, uint From, long Incarnation, byte Major, byte Minor, int Lanes, long Lowest, LinkKind Link = LinkKind.Broadcast)
    : LinkMessage(Lane, From, Incarnation, Link), IDeadLetterSuppression;

/// <summary>Answer to a <see cref="LinkHello"/>, published through the answering node's mediator: from now on it keeps envelopes.</summary>
/// <remarks>
/// To: incarnation whose hello is answered.
/// Lowest: the lowest number the answering node keeps: where the addressee starts.
/// </remarks>
internal sealed record LinkWelcome(int Lane, uint From, long Incarnation, long To, long Lowest, LinkKind Link = LinkKind.Broadcast)
    : LinkMessage(Lane, From, Incarnation, Link), IDeadLetterSuppression;

/// <summary>A numbered batch of entries (see <see cref="EnvelopeEntry"/>).</summary>
/// <remarks>
/// To: incarnation of the addressee the number is meant for.
/// Lowest: the lowest number the sender still keeps: what is below will not come.
/// Body: the entries; parts are shared with the envelopes to other peers and must not be written.
/// </remarks>
internal sealed record LinkEnvelope(int Lane, uint From, long Incarnation, long To, long Number, long Lowest, ReadOnlyMemory<byte>[] Body, LinkKind Link = LinkKind.Broadcast)
    : LinkMessage(Lane, From, Incarnation, Link)
{
    public int Length
    {
        get
        {
            var length = 0;
            foreach (var part in Body)
            {
                length += part.Length;
            }

            return length;
        }
    }
}

/// <summary>All numbers up to Number have arrived or were given up.</summary>
/// <remarks>
/// To: incarnation that numbered them.
/// Goodbye: also acknowledges a goodbye.
/// </remarks>
internal sealed record LinkAck(int Lane, uint From, long Incarnation, long To, long Number, bool Goodbye = false, LinkKind Link = LinkKind.Broadcast)
    : LinkMessage(Lane, From, Incarnation, Link), IDeadLetterSuppression;

/// <summary>Asks for everything kept from Number on.</summary>
/// <remarks>
/// To: incarnation that numbered it.
/// </remarks>
internal sealed record LinkResend(int Lane, uint From, long Incarnation, long To, long Number, LinkKind Link = LinkKind.Broadcast)
    : LinkMessage(Lane, From, Incarnation, Link), IDeadLetterSuppression;

/// <summary>What a link that sends nothing has sent so far: shows the loss of the last envelopes.</summary>
/// <remarks>
/// To: incarnation of the addressee.
/// Last: the last number sent; Lowest - 1 if nothing is kept.
/// Lowest: the lowest number still kept.
/// Goodbye: nothing will follow: the node stops in good order.
/// </remarks>
internal sealed record LinkStatement(int Lane, uint From, long Incarnation, long To, long Last, long Lowest, bool Goodbye = false, LinkKind Link = LinkKind.Broadcast)
    : LinkMessage(Lane, From, Incarnation, Link), IDeadLetterSuppression;
