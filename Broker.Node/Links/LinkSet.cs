using Akka.Actor;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Links;

/// <summary>
/// The links of one lane with its counterparts on all peers, two with each: says what each <see cref="PeerLink"/> decides, and
/// gives its owner what arrives. Reads no clock and sends nothing by itself. Not thread-safe.
/// </summary>
/// <remarks>
/// Nothing is sent without bound: envelopes by window and number in flight, answers one per thing heard, the rest by time.
/// </remarks>
internal sealed class LinkSet(LaneIdentity identity, ILinkTransport transport, ILinkOwner owner, LaneOptions options, LinkCounters counters)
{
    private readonly Dictionary<uint, Peer> _peers = [];
    private long _produced;

    /// <summary>Some peer wants what is published.</summary>
    public bool IsKeeping => Any(static peer => peer.Broadcast.Link.Outgoing.State != LinkState.Closed);

    /// <summary>Some link has to be looked at in short intervals.</summary>
    public bool IsBusy => Any(static peer => peer.Broadcast.IsBusy || peer.Owned.IsBusy);

    public bool IsFarewellDone => !Any(static peer => !peer.Broadcast.Link.IsFarewellDone || !peer.Owned.Link.IsFarewellDone);

    /// <summary>Bytes that may be collected before publishers have to wait for a peer.</summary>
    public int Room()
    {
        var room = int.MaxValue;
        foreach (var peer in _peers.Values)
        {
            room = Math.Min(room, peer.Broadcast.Link.Outgoing.Room);
        }

        return room;
    }

    public void See(uint uid)
    {
        if (!_peers.ContainsKey(uid))
        {
            // Where this lane has published already, the peer starts above 1: it has a past that it missed.
            var broadcast = new LinkEnd(new PeerLink(uid, LinkKind.Broadcast, _produced + 1, options));
            _peers.Add(uid, new Peer(identity.TopicOf(uid), broadcast, new LinkEnd(new PeerLink(uid, LinkKind.Owned, 1, options))));
        }
    }

    public void Reachable(uint uid, TimeSpan now)
    {
        if (_peers.TryGetValue(uid, out var peer))
        {
            peer.Broadcast.Link.Reachable(now);
            peer.Owned.Link.Reachable(now);
        }
    }

    public void Unreachable(uint uid)
    {
        if (_peers.TryGetValue(uid, out var peer))
        {
            counters.Gave(peer.Broadcast.Link.Unreachable());
            if (peer.Owned.Link.Unreachable() is > 0 and var lost)
            {
                counters.Gave(lost);
                OnGap(peer.Owned);
            }
        }
    }

    /// <summary>The peer leaves and has no clients any more. What is owned there stays until it is removed.</summary>
    public void Depart(uint uid)
    {
        if (_peers.TryGetValue(uid, out var peer))
        {
            counters.Gave(peer.Broadcast.Link.Depart());
        }
    }

    /// <summary>Forgets a removed peer. Where it went without goodbye, what it acknowledged last may be missing here: a gap.</summary>
    public void Remove(uint uid)
    {
        if (_peers.Remove(uid, out var peer) && !peer.Broadcast.Link.Incoming.IsComplete)
        {
            OnGap(peer.Broadcast);
        }
    }

    public void Leave()
    {
        foreach (var peer in _peers.Values)
        {
            peer.Broadcast.Link.Leave();
            peer.Owned.Link.Leave();
        }
    }

    /// <summary>To all peers.</summary>
    public void Offer(Segment segment)
    {
        _produced++;
        foreach (var peer in _peers.Values)
        {
            peer.Broadcast.Link.Outgoing.Offer(segment);
        }
    }

    /// <summary>
    /// Offers an entry to one peer, behind what it was offered before on the same link. False: it does not go there. On the owned
    /// link nothing is missing then, as far as the peer can tell; on the broadcast link the peer is shown a gap.
    /// </summary>
    /// <param name="uid">Of the peer's node.</param>
    /// <param name="kind">Of the link.</param>
    /// <param name="entry">Whatever its size.</param>
    /// <param name="now">On the clock of the links.</param>
    /// <param name="isBulk">On the owned link: what is offered behind it may pass it.</param>
    public bool TryOffer(uint uid, LinkKind kind, in EnvelopeEntry entry, TimeSpan now, bool isBulk = false)
    {
        if (!_peers.TryGetValue(uid, out var peer))
        {
            return false;
        }

        var link = peer.Of(kind).Link;
        if (kind == LinkKind.Owned)
        {
            var wasDormant = link.IsDormant;
            if (!link.Admits(now, isBulk))
            {
                return false;
            }

            if (wasDormant)
            {
                SayDue(peer, peer.Owned, now);
            }
        }

        if (entry.Length > options.Envelope)
        {
            OfferInPieces(link, entry, isBulk);
        }
        else
        {
            var bytes = new byte[entry.Length];
            entry.Write(bytes);
            link.Outgoing.Offer(new Segment(bytes, 1), isBulk);
        }

        return link.Outgoing.State != LinkState.Closed;
    }

    private void OfferInPieces(PeerLink link, in EnvelopeEntry entry, bool isBulk) =>
        Pieces.Cut(entry, options.Envelope, piece => link.Outgoing.Offer(piece, isBulk));

    /// <summary>Whether the owned link with a peer would take an entry now.</summary>
    public bool Accepts(uint uid) => _peers.TryGetValue(uid, out var peer) && (peer.Owned.Link.IsDormant || peer.Owned.Link.Outgoing.Accepts);

    /// <summary>The life of a peer's lane that was heard last; 0: none was.</summary>
    public long IncarnationOf(uint uid) => _peers.TryGetValue(uid, out var peer) ? peer.Broadcast.Link.Incarnation : 0;

    /// <summary>Messages were published that no peer keeps.</summary>
    public void Count(int messages)
    {
        _produced++;
        foreach (var peer in _peers.Values)
        {
            peer.Broadcast.Link.Outgoing.Count(messages);
        }
    }

    /// <summary>Sends every envelope that may be under way now.</summary>
    public void Send(TimeSpan now)
    {
        foreach (var peer in _peers.Values)
        {
            Send(peer, peer.Broadcast, now);
            Send(peer, peer.Owned, now);
        }
    }

    /// <summary>The same on the owned links alone.</summary>
    public void SendOwned(TimeSpan now)
    {
        foreach (var peer in _peers.Values)
        {
            Send(peer, peer.Owned, now);
        }
    }

    /// <summary>Skips every peer whose broadcast window is full; returns their uids.</summary>
    public IReadOnlyList<uint> SkipFull(TimeSpan now)
    {
        List<uint> skipped = [];
        foreach (var (uid, peer) in _peers)
        {
            if (peer.Broadcast.Link.Outgoing.IsFull)
            {
                counters.Skipped();
                counters.Gave(peer.Broadcast.Link.Skip(now));
                skipped.Add(uid);
            }
        }

        return skipped;
    }

    public void Tick(TimeSpan now)
    {
        foreach (var peer in _peers.Values)
        {
            SayDue(peer, peer.Broadcast, now);
            SayDue(peer, peer.Owned, now);
        }
    }

    /// <summary>A message of a counterpart. False: not for this life of the lane, or of nobody that is known; nothing changed.</summary>
    public bool Take(LinkMessage message, IActorRef sender, TimeSpan now)
    {
        var to = message switch
        {
            LinkEnvelope envelope => envelope.To,
            LinkAck ack => ack.To,
            LinkStatement statement => statement.To,
            LinkResend resend => resend.To,
            LinkWelcome welcome => welcome.To,
            _ => identity.Incarnation,
        };
        if (message.Lane != identity.Lane || to != identity.Incarnation || !_peers.TryGetValue(message.From, out var peer) || peer.Broadcast.Link.IsRefused)
        {
            return false;
        }

        if (message is LinkHello hello && (hello.Major != LinkProtocol.Major || hello.Lanes != identity.Lanes))
        {
            peer.Broadcast.Link.Refuse();
            peer.Owned.Link.Refuse();
            owner.OnRefused(hello.From, $"protocol {hello.Major}.{hello.Minor} with {hello.Lanes} lanes, here {LinkProtocol.Major}.{LinkProtocol.Minor} with {identity.Lanes}");
            return true;
        }

        if (message.Incarnation >= peer.Broadcast.Link.Incarnation)
        {
            peer.Speaker = sender;
            var isNew = message.Incarnation > peer.Broadcast.Link.Incarnation;
            Meet(peer.Broadcast, message.Incarnation);
            Meet(peer.Owned, message.Incarnation);
            if (isNew)
            {
                owner.OnMet(message.From, message.Incarnation);
            }
        }

        var end = peer.Of(message.Link);
        switch (message)
        {
            case LinkEnvelope envelope: OnEnvelope(envelope, end, sender); break;
            case LinkAck ack: OnAck(ack, peer, end, now); break;
            case LinkStatement statement: OnStatement(statement, end, sender); break;
            case LinkResend resend: OnResend(resend, peer, end, now); break;
            case LinkHello greeting: OnHello(greeting, peer, end, sender); break;
            case LinkWelcome welcome: OnWelcome(welcome, peer, end, sender, now); break;
            default: return false;
        }

        return true;
    }

    /// <summary>Acknowledges what arrived, once for each link: where it is enough to be worth it, or all of it.</summary>
    public void SendAcks(bool all)
    {
        foreach (var peer in _peers.Values)
        {
            SendAck(peer.Broadcast, all);
            SendAck(peer.Owned, all);
        }
    }

    /// <summary>A new incarnation speaks on one of its links, and may have nothing to say on the other: both begin anew.</summary>
    private void Meet(LinkEnd end, long incarnation)
    {
        if (end.Link.Meet(incarnation))
        {
            OnGap(end);
        }
    }

    private void OnHello(LinkHello hello, Peer peer, LinkEnd end, IActorRef sender)
    {
        if (end.Link.OnHello(hello.Incarnation, hello.Lowest) is { } arrival)
        {
            Publish(peer, end, new LinkWelcome(identity.Lane, identity.Node, identity.Incarnation, end.Link.Incarnation, end.Link.Outgoing.Lowest, end.Link.Kind));
            OnArrival(arrival, end, sender);
        }

        ReportReady(end);
    }

    private void OnWelcome(LinkWelcome welcome, Peer peer, LinkEnd end, IActorRef sender, TimeSpan now)
    {
        if (end.Link.OnWelcome(welcome.Incarnation, welcome.Lowest) is { } arrival)
        {
            end.AckLater(sender, isUrgent: true);
            OnArrival(arrival, end, sender);
        }

        Send(peer, end, now);
        ReportReady(end);
    }

    private void ReportReady(LinkEnd end)
    {
        if (end.Link.IsReady)
        {
            owner.OnReady(end.Link.Peer, end.Link.Kind);
        }
    }

    private void OnEnvelope(LinkEnvelope envelope, LinkEnd end, IActorRef sender)
    {
        counters.Received();
        if (end.Link.OnEnvelope(envelope.Incarnation, envelope.Number, envelope.Lowest) is not { } arrival)
        {
            return;
        }

        // A double is sent by a sender that lacks an acknowledgement.
        end.Count(envelope.Length);
        end.AckLater(sender, !arrival.Deliver || end.HasEnough || end.Link.Kind == LinkKind.Owned);
        OnArrival(arrival, end, sender);
        if (arrival.Deliver)
        {
            foreach (var part in envelope.Body)
            {
                if (!Deliver(part.Span, end))
                {
                    owner.OnMalformed(envelope.From, envelope.Number);
                    OnGap(end);
                }
            }
        }
    }

    private bool Deliver(ReadOnlySpan<byte> rest, LinkEnd end)
    {
        var isWhole = true;
        while (EnvelopeEntry.TryRead(ref rest, out var entry))
        {
            // Nothing comes between the pieces of an entry.
            isWhole &= entry.Kind == EntryKind.Piece ? Assemble(entry, end) : owner.OnEntry(end.Link.Peer, end.Link.Kind, entry) & end.Assembly.IsEmpty;
        }

        return isWhole && rest.IsEmpty;
    }

    private bool Assemble(in EnvelopeEntry piece, LinkEnd end)
    {
        if (!end.Assembly.TryAdd(piece.Payload, out var whole))
        {
            return false;
        }

        return whole.IsEmpty
            || (EnvelopeEntry.TryRead(ref whole, out var entry) && whole.IsEmpty && entry.Kind != EntryKind.Piece && owner.OnEntry(end.Link.Peer, end.Link.Kind, entry));
    }

    private void OnStatement(LinkStatement statement, LinkEnd end, IActorRef sender)
    {
        if (end.Link.OnStatement(statement.Incarnation, statement.Last, statement.Lowest, statement.Goodbye) is { } arrival)
        {
            end.AckLater(sender, isUrgent: true);
            end.AcksGoodbye = end.Link.Incoming.IsComplete;
            OnArrival(arrival, end, sender);
        }
    }

    private void OnAck(LinkAck ack, Peer peer, LinkEnd end, TimeSpan now)
    {
        end.Link.OnAck(ack.Incarnation, ack.Number, ack.Goodbye);
        Send(peer, end, now);
    }

    private void OnResend(LinkResend resend, Peer peer, LinkEnd end, TimeSpan now)
    {
        foreach (var parcel in end.Link.OnResend(resend.Incarnation, resend.Number))
        {
            counters.SentAgain();
            Publish(peer, end, parcel, now);
        }
    }

    private void OnArrival(Arrival arrival, LinkEnd end, IActorRef sender)
    {
        if (arrival.Resend > 0)
        {
            transport.Answer(sender, new LinkResend(identity.Lane, identity.Node, identity.Incarnation, end.Link.Incarnation, arrival.Resend, end.Link.Kind));
        }

        if (arrival.Gap)
        {
            OnGap(end);
        }
    }

    private void OnGap(LinkEnd end)
    {
        if (end.Link.Kind == LinkKind.Broadcast)
        {
            counters.Gap();
        }

        end.Assembly.Drop();
        owner.OnGap(end.Link.Peer, end.Link.Kind);
    }

    private void Send(Peer peer, LinkEnd end, TimeSpan now)
    {
        while (end.Link.Outgoing.TryTake(out var parcel))
        {
            counters.Sent();
            Publish(peer, end, parcel, now);
        }
    }

    private void SendAck(LinkEnd end, bool all)
    {
        if (end.TryTakeAck(all, out var sender))
        {
            transport.Answer(sender, new LinkAck(identity.Lane, identity.Node, identity.Incarnation, end.Link.Incarnation, end.Link.Incoming.Acknowledged, end.AcksGoodbye, end.Link.Kind));
        }
    }

    private void SayDue(Peer peer, LinkEnd end, TimeSpan now)
    {
        var link = end.Link;
        var due = link.Due(now);
        if (due.HasFlag(LinkDue.Hello))
        {
            Publish(peer, end, new LinkHello(identity.Lane, identity.Node, identity.Incarnation, LinkProtocol.Major, LinkProtocol.Minor, identity.Lanes, link.Outgoing.Lowest, link.Kind));
        }

        if ((due & (LinkDue.Statement | LinkDue.Goodbye)) != 0)
        {
            Publish(peer, end, new LinkStatement(identity.Lane, identity.Node, identity.Incarnation, link.Incarnation, link.Outgoing.Next - 1, link.Outgoing.Lowest, due.HasFlag(LinkDue.Goodbye), link.Kind));
        }
    }

    private void Publish(Peer peer, LinkEnd end, Parcel parcel, TimeSpan now)
    {
        end.Link.Spoke(now);
        Publish(peer, end, new LinkEnvelope(identity.Lane, identity.Node, identity.Incarnation, end.Link.Incarnation, parcel.Number, end.Link.Outgoing.Lowest, parcel.Body, end.Link.Kind));
    }

    /// <summary>Mediators do not route to a member that leaves, and what is owned goes on until it is removed: to its actor.</summary>
    private void Publish(Peer peer, LinkEnd end, LinkMessage message)
    {
        if (end.Link.Kind == LinkKind.Owned && peer.Speaker is { } speaker)
        {
            transport.Answer(speaker, message);
        }
        else
        {
            transport.Publish(peer.Topic, message);
        }
    }

    private bool Any(Func<Peer, bool> condition)
    {
        foreach (var peer in _peers.Values)
        {
            if (condition(peer))
            {
                return true;
            }
        }

        return false;
    }

    private sealed class Peer(string topic, LinkEnd broadcast, LinkEnd owned)
    {
        public string Topic { get; } = topic;

        public LinkEnd Broadcast { get; } = broadcast;

        public LinkEnd Owned { get; } = owned;

        /// <summary>The counterpart's actor, once it was heard.</summary>
        public IActorRef? Speaker { get; set; }

        public LinkEnd Of(LinkKind kind) => kind == LinkKind.Owned ? Owned : Broadcast;
    }
}
