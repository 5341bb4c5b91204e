namespace Broker.Node.Links;

/// <summary>Whom a <see cref="LinkSet"/> works for: a lane. Called by the set's own methods, on the thread of its owner.</summary>
internal interface ILinkOwner
{
    /// <summary>The next entry of a peer, in order. False: it makes no sense, which is a gap.</summary>
    bool OnEntry(uint peer, LinkKind link, in EnvelopeEntry entry);

    /// <summary>
    /// Something the peer sent is missing here, between the entries before this call and those after it, and will not come. On the
    /// owned link also: something that was taken for the peer does not get there; both sides state again what holds.
    /// </summary>
    void OnGap(uint peer, LinkKind link);

    /// <summary>The peer's lane was heard for the first time, or its next life.</summary>
    void OnMet(uint peer, long incarnation);

    /// <summary>Hellos were answered both ways. Told again with every greeting.</summary>
    void OnReady(uint peer, LinkKind link);

    /// <summary>There is no link with this peer.</summary>
    void OnRefused(uint peer, string difference);

    /// <summary>An envelope could not be read to its end; the gap follows.</summary>
    void OnMalformed(uint peer, long number);
}
