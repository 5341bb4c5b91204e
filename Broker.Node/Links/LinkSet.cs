using Akka.Actor;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Links;

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

/// <summary>
/// The links of one lane with its counterparts on all peers: says what <see cref="PeerLink"/> decides, and gives its owner what
/// arrives. Reads no clock and sends nothing by itself. Not thread-safe.
/// </summary>
/// <remarks>
/// Nothing is sent without bound: envelopes by window and number in flight, answers one per thing heard, the rest by time.
/// </remarks>
internal sealed class LinkSet(LaneIdentity identity, ILinkTransport transport, ILinkOwner owner, LaneOptions options, LinkCounters counters)
{
    /// <summary>
    /// Envelopes, or bytes, that are acknowledged together: an acknowledgement costs as much as a small envelope. Fewer than
    /// <see cref="OutgoingLink.MaxInFlight"/>, so that the sender never waits for the tick that acknowledges the rest.
    /// </summary>
    public const int AckEnvelopes = 2;
    public const int AckBytes = 32 * 1024;

    private readonly Dictionary<uint, Entry> _peers = [];
    private long _produced;

    /// <summary>Some peer wants what is published.</summary>
    public bool IsKeeping => Any(static peer => peer.Link.Outgoing.State != LinkState.Closed);

    /// <summary>Some link has to be looked at in short intervals.</summary>
    public bool IsBusy => Any(static peer => peer.AckTo is not null || peer.Link.IsBusy);

    public bool IsFarewellDone => !Any(static peer => !peer.Link.IsFarewellDone);

    /// <summary>Bytes that may be collected before publishers have to wait for a peer.</summary>
    public int Room()
    {
        var room = int.MaxValue;
        foreach (var peer in _peers.Values)
        {
            room = Math.Min(room, peer.Link.Outgoing.Room);
        }

        return room;
    }

    public void See(uint peer)
    {
        // Where this lane has published already, the peer starts above 1: it has a past that it missed.
        _peers.TryAdd(peer, new Entry(new PeerLink(peer, _produced + 1, options), identity.TopicOf(peer)));
    }

    public void Reachable(uint peer, TimeSpan now) => Find(peer)?.Reachable(now);

    public void Unreachable(uint peer) => counters.Gave(Find(peer)?.Unreachable() ?? 0);

    public void Depart(uint peer) => counters.Gave(Find(peer)?.Depart() ?? 0);

    /// <summary>Forgets a removed peer. Where it went without goodbye, what it acknowledged last may be missing here: a gap.</summary>
    public void Remove(uint peer)
    {
        if (_peers.Remove(peer, out var entry) && !entry.Link.Incoming.IsComplete)
        {
            Gap(entry);
        }
    }

    public void Leave()
    {
        foreach (var peer in _peers.Values)
        {
            peer.Link.Leave();
        }
    }

    public void Offer(Segment segment)
    {
        _produced++;
        foreach (var peer in _peers.Values)
        {
            peer.Link.Outgoing.Offer(segment);
        }
    }

    /// <summary>Messages were published that no peer keeps.</summary>
    public void Count(int messages)
    {
        _produced++;
        foreach (var peer in _peers.Values)
        {
            peer.Link.Outgoing.Count(messages);
        }
    }

    /// <summary>A message cannot be sent to anybody: everything kept is given up with it, so that all peers see a gap.</summary>
    public void GiveUp()
    {
        _produced++;
        foreach (var peer in _peers.Values)
        {
            counters.Gave(peer.Link.Outgoing.Drop() + 1);
            peer.Link.Outgoing.Count(1);
        }
    }

    /// <summary>Sends every envelope that may be under way now.</summary>
    public void Send(TimeSpan now)
    {
        foreach (var peer in _peers.Values)
        {
            while (peer.Link.Outgoing.TryTake(out var parcel))
            {
                counters.Sent();
                Publish(peer, parcel, now);
            }
        }
    }

    /// <summary>Skips every peer whose window is full; returns their uids.</summary>
    public IReadOnlyList<uint> SkipFull(TimeSpan now)
    {
        List<uint> skipped = [];
        foreach (var peer in _peers.Values)
        {
            if (peer.Link.Outgoing.IsFull)
            {
                counters.Skipped();
                counters.Gave(peer.Link.Skip(now));
                skipped.Add(peer.Link.Peer);
            }
        }

        return skipped;
    }

    public void Tick(TimeSpan now)
    {
        foreach (var peer in _peers.Values)
        {
            var link = peer.Link;
            var due = link.Due(now);
            if (due.HasFlag(LinkDue.Hello))
            {
                Publish(peer, new LinkHello(identity.Lane, identity.Node, identity.Incarnation, LinkProtocol.Major, LinkProtocol.Minor, identity.Lanes, link.Outgoing.Lowest));
            }

            if ((due & (LinkDue.Statement | LinkDue.Goodbye)) != 0)
            {
                Publish(peer, new LinkStatement(identity.Lane, identity.Node, identity.Incarnation, link.Incarnation, link.Outgoing.Next - 1, link.Outgoing.Lowest, due.HasFlag(LinkDue.Goodbye)));
            }
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
        if (message.Lane != identity.Lane || to != identity.Incarnation || !_peers.TryGetValue(message.From, out var peer) || peer.Link.IsRefused)
        {
            return false;
        }

        switch (message)
        {
            case LinkEnvelope envelope: OnEnvelope(envelope, peer, sender); break;
            case LinkAck ack: OnAck(ack, peer, now); break;
            case LinkStatement statement: OnStatement(statement, peer, sender); break;
            case LinkResend resend: OnResend(resend, peer, now); break;
            case LinkHello hello: OnHello(hello, peer); break;
            case LinkWelcome welcome: OnWelcome(welcome, peer, sender, now); break;
            default: return false;
        }

        return true;
    }

    private void OnHello(LinkHello hello, Entry peer)
    {
        if (hello.Major != LinkProtocol.Major || hello.Lanes != identity.Lanes)
        {
            peer.Link.Refuse();
            owner.OnRefused(hello.From, $"protocol {hello.Major}.{hello.Minor} with {hello.Lanes} lanes, here {LinkProtocol.Major}.{LinkProtocol.Minor} with {identity.Lanes}");
            return;
        }

        if (peer.Link.OnHello(hello.Incarnation, hello.Lowest) is { } arrival)
        {
            Publish(peer, new LinkWelcome(identity.Lane, identity.Node, identity.Incarnation, peer.Link.Incarnation, peer.Link.Outgoing.Lowest));
            OnArrival(arrival, peer);
        }

        ReportReady(peer);
    }

    private void OnWelcome(LinkWelcome welcome, Entry peer, IActorRef sender, TimeSpan now)
    {
        if (peer.Link.OnWelcome(welcome.Incarnation, welcome.Lowest) is { } arrival)
        {
            peer.AckTo = sender;
            peer.IsAckUrgent = true;
            OnArrival(arrival, peer);
        }

        Send(now);
        ReportReady(peer);
    }

    private void ReportReady(Entry peer)
    {
        if (peer.Link.IsReady)
        {
            owner.OnReady(peer.Link.Peer);
        }
    }

    private void OnEnvelope(LinkEnvelope envelope, Entry peer, IActorRef sender)
    {
        counters.Received();
        if (peer.Link.OnEnvelope(envelope.Incarnation, envelope.Number, envelope.Lowest) is not { } arrival)
        {
            return;
        }

        peer.AckTo = sender;
        peer.Unacknowledged++;
        peer.UnacknowledgedBytes += envelope.Length;

        // A double is sent by a sender that lacks an acknowledgement.
        peer.IsAckUrgent |= !arrival.Deliver || peer.Unacknowledged >= AckEnvelopes || peer.UnacknowledgedBytes >= AckBytes;
        OnArrival(arrival, peer);
        if (arrival.Deliver)
        {
            Deliver(envelope, peer);
        }
    }

    private void Deliver(LinkEnvelope envelope, Entry peer)
    {
        foreach (var part in envelope.Body)
        {
            var rest = part.Span;
            var isWhole = true;
            while (EnvelopeEntry.TryRead(ref rest, out var entry))
            {
                isWhole &= owner.OnEntry(envelope.From, entry);
            }

            if (!rest.IsEmpty || !isWhole)
            {
                owner.OnMalformed(envelope.From, envelope.Number);
                Gap(peer);
            }
        }
    }

    private void OnStatement(LinkStatement statement, Entry peer, IActorRef sender)
    {
        if (peer.Link.OnStatement(statement.Incarnation, statement.Last, statement.Lowest, statement.Goodbye) is { } arrival)
        {
            peer.AckTo = sender;
            peer.IsAckUrgent = true;
            peer.AcksGoodbye = peer.Link.Incoming.IsComplete;
            OnArrival(arrival, peer);
        }
    }

    private void OnAck(LinkAck ack, Entry peer, TimeSpan now)
    {
        peer.Link.OnAck(ack.Incarnation, ack.Number, ack.Goodbye);
        Send(now);
    }

    private void OnResend(LinkResend resend, Entry peer, TimeSpan now)
    {
        foreach (var parcel in peer.Link.OnResend(resend.Incarnation, resend.Number))
        {
            counters.SentAgain();
            Publish(peer, parcel, now);
        }
    }

    private void OnArrival(Arrival arrival, Entry peer)
    {
        if (arrival.Resend > 0)
        {
            transport.Answer(peer.AckTo!, new LinkResend(identity.Lane, identity.Node, identity.Incarnation, peer.Link.Incarnation, arrival.Resend));
        }

        if (arrival.Gap)
        {
            Gap(peer);
        }
    }

    private void Gap(Entry peer)
    {
        counters.Gap();
        owner.OnGap(peer.Link.Peer);
    }

    /// <summary>Acknowledges what arrived, once for each peer: where it is enough to be worth it, or all of it.</summary>
    public void SendAcks(bool all)
    {
        foreach (var peer in _peers.Values)
        {
            if (peer.AckTo is { } sender && (all || peer.IsAckUrgent))
            {
                peer.AckTo = null;
                peer.IsAckUrgent = false;
                peer.Unacknowledged = peer.UnacknowledgedBytes = 0;
                transport.Answer(sender, new LinkAck(identity.Lane, identity.Node, identity.Incarnation, peer.Link.Incarnation, peer.Link.Incoming.Acknowledged, peer.AcksGoodbye));
            }
        }
    }

    private PeerLink? Find(uint peer) => _peers.TryGetValue(peer, out var entry) ? entry.Link : null;

    private bool Any(Func<Entry, bool> condition)
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

    private void Publish(Entry peer, Parcel parcel, TimeSpan now)
    {
        peer.Link.Spoke(now);
        Publish(peer, new LinkEnvelope(identity.Lane, identity.Node, identity.Incarnation, peer.Link.Incarnation, parcel.Number, peer.Link.Outgoing.Lowest, parcel.Body));
    }

    private void Publish(Entry peer, LinkMessage message) => transport.Publish(peer.Topic, message);

    private sealed class Entry(PeerLink link, string topic)
    {
        public PeerLink Link { get; } = link;

        public string Topic { get; } = topic;

        public IActorRef? AckTo { get; set; }

        public bool IsAckUrgent { get; set; }

        public int Unacknowledged { get; set; }

        public int UnacknowledgedBytes { get; set; }

        public bool AcksGoodbye { get; set; }
    }
}
