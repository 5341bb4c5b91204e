using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Broker.Node.Configuration.Options;
using Broker.Node.Links;

namespace Broker.Node.Lanes;

/// <summary>
/// The links of one lane with its counterparts on all peers: says what <see cref="PeerLink"/> decides. Envelopes, hellos and
/// statements go through the mediator, one path and so in order; acknowledgements and resend requests answer their sender.
/// </summary>
/// <remarks>Single-threaded: only its lane calls it. Nothing is sent without bound: envelopes by window and number in flight,
/// answers one per thing heard, the rest by time.</remarks>
internal sealed class LaneLinks(LaneIdentity identity, IActorRef self, IActorRef mediator, LaneOptions options, LinkCounters counters)
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

    public PeerLink? Find(uint peer) => _peers.TryGetValue(peer, out var entry) ? entry.Link : null;

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

    /// <summary>Forgets a removed peer; true if it may have published something that did not arrive.</summary>
    public bool Remove(uint peer) => _peers.Remove(peer, out var entry) && !entry.Link.Incoming.IsComplete;

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

    /// <summary>Whether a message of this peer's is for this life of the lane.</summary>
    public bool IsForMe(LinkMessage message, long to, out PeerLink link)
    {
        link = null!;
        if (message.Lane != identity.Lane || to != identity.Incarnation || Find(message.From) is not { } found)
        {
            return false;
        }

        link = found;
        return true;
    }

    public Arrival? OnHello(LinkHello hello, PeerLink link)
    {
        var arrival = link.OnHello(hello.Incarnation, hello.Lowest);
        if (arrival is not null)
        {
            Publish(_peers[link.Peer], new LinkWelcome(identity.Lane, identity.Node, identity.Incarnation, link.Incarnation, link.Outgoing.Lowest));
        }

        return arrival;
    }

    public Arrival? OnWelcome(LinkWelcome welcome, PeerLink link, IActorRef sender)
    {
        var arrival = link.OnWelcome(welcome.Incarnation, welcome.Lowest);
        if (arrival is not null)
        {
            AckLater(link, sender);
            _peers[link.Peer].IsAckUrgent = true;
        }

        return arrival;
    }

    public Arrival? OnEnvelope(LinkEnvelope envelope, PeerLink link, IActorRef sender)
    {
        counters.Received();
        var arrival = AskAgain(link.OnEnvelope(envelope.Incarnation, envelope.Number, envelope.Lowest), link, sender);
        if (arrival is not null)
        {
            var peer = _peers[link.Peer];
            peer.Unacknowledged++;
            peer.UnacknowledgedBytes += envelope.Length;

            // A double is sent by a sender that lacks an acknowledgement.
            peer.IsAckUrgent |= !arrival.Value.Deliver || peer.Unacknowledged >= AckEnvelopes || peer.UnacknowledgedBytes >= AckBytes;
        }

        return arrival;
    }

    public Arrival? OnStatement(LinkStatement statement, PeerLink link, IActorRef sender)
    {
        var arrival = AskAgain(link.OnStatement(statement.Incarnation, statement.Last, statement.Lowest, statement.Goodbye), link, sender);
        _peers[link.Peer].AcksGoodbye = link.Incoming.IsComplete;
        _peers[link.Peer].IsAckUrgent = true;
        return arrival;
    }

    public void OnResend(LinkResend resend, PeerLink link, TimeSpan now)
    {
        var peer = _peers[link.Peer];
        foreach (var parcel in link.OnResend(resend.Incarnation, resend.Number))
        {
            counters.SentAgain();
            Publish(peer, parcel, now);
        }
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
                sender.Tell(new LinkAck(identity.Lane, identity.Node, identity.Incarnation, peer.Link.Incarnation, peer.Link.Incoming.Acknowledged, peer.AcksGoodbye), self);
            }
        }
    }

    private Arrival? AskAgain(Arrival? arrival, PeerLink link, IActorRef sender)
    {
        if (arrival is { } known)
        {
            AckLater(link, sender);
            if (known.Resend > 0)
            {
                sender.Tell(new LinkResend(identity.Lane, identity.Node, identity.Incarnation, link.Incarnation, known.Resend), self);
            }
        }

        return arrival;
    }

    private void AckLater(PeerLink link, IActorRef sender) => _peers[link.Peer].AckTo = sender;

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

    private void Publish(Entry peer, LinkMessage message) => mediator.Tell(new Publish(peer.Topic, message), self);

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
