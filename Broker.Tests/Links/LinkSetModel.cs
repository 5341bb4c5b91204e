using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Links;
using Broker.Protocol.Wire;

namespace Broker.Tests.Links;

/// <summary>One lane's links on one node, over a channel to others in virtual time; what its owner is told is a list of lines.</summary>
internal sealed class LinkSetModel : ILinkOwner, ILinkTransport
{
    private readonly LinkedList<(LinkSetModel From, LinkSetModel To, LinkMessage Message)> _channel;
    private readonly List<LinkSetModel> _nodes;
    private readonly LaneIdentity _identity;

    /// <param name="uid">Of its node.</param>
    /// <param name="nodes">All nodes; this one is added, or takes the place of its former life.</param>
    /// <param name="channel">What is under way between them.</param>
    /// <param name="options">Of the lane.</param>
    /// <param name="incarnation">Of the lane.</param>
    public LinkSetModel(uint uid, List<LinkSetModel> nodes, LinkedList<(LinkSetModel From, LinkSetModel To, LinkMessage Message)> channel, LaneOptions options, long incarnation = 1)
    {
        (_nodes, _channel, _identity) = (nodes, channel, new LaneIdentity(0, 1, uid, incarnation));
        Self = new Speaker(this);
        Set = new LinkSet(_identity, this, this, options, Counters);
        nodes.RemoveAll(node => node.Uid == uid);
        nodes.Add(this);
    }

    public uint Uid => _identity.Node;

    public IActorRef Self { get; }

    public LinkSet Set { get; }

    public LinkCounters Counters { get; } = new();

    public List<string> Lines { get; } = [];

    /// <summary>Everything that was said.</summary>
    public List<LinkMessage> Said { get; } = [];

    public TimeSpan Now { get; set; }

    public bool IsRefusing { get; set; }

    public bool TryOffer(uint peer, LinkKind kind, string text, bool isBulk = false)
    {
        var taken = Set.TryOffer(peer, kind, new EnvelopeEntry(EntryKind.Publish, "t"u8, WireFormat.Json, 0, 0, Encoding.UTF8.GetBytes(text)), Now, isBulk);
        Set.Send(Now);
        return taken;
    }

    public void Broadcast(string text)
    {
        var entry = new EnvelopeEntry(EntryKind.Publish, "t"u8, WireFormat.Json, 0, 0, Encoding.UTF8.GetBytes(text));
        var bytes = new byte[entry.Length];
        entry.Write(bytes);
        Set.Offer(new Segment(bytes, 1));
        Set.Send(Now);
    }

    void ILinkTransport.Publish(string topic, LinkMessage message) => Say(_nodes.Find(node => node._identity.Topic == topic), message);

    void ILinkTransport.Answer(IActorRef speaker, LinkMessage message) => Say(((Speaker)speaker).Node, message);

    bool ILinkOwner.OnEntry(uint peer, LinkKind link, in EnvelopeEntry entry)
    {
        Lines.Add($"{Name(link)} {Encoding.UTF8.GetString(entry.Payload)}");
        return !IsRefusing;
    }

    void ILinkOwner.OnGap(uint peer, LinkKind link) => Lines.Add($"{Name(link)} gap");

    void ILinkOwner.OnMet(uint peer, long incarnation)
    {
    }

    void ILinkOwner.OnReady(uint peer, LinkKind link) => Lines.Add($"{Name(link)} ready");

    void ILinkOwner.OnRefused(uint peer, string difference) => Lines.Add("refused");

    void ILinkOwner.OnMalformed(uint peer, long number) => Lines.Add($"malformed {number}");

    private static string Name(LinkKind link) => link == LinkKind.Owned ? "owned" : "broadcast";

    private void Say(LinkSetModel? to, LinkMessage message)
    {
        Said.Add(message);
        if (to is not null)
        {
            _channel.AddLast((this, to, message));
        }
    }

    /// <summary>The address of a node's lane.</summary>
    private sealed class Speaker(LinkSetModel node) : MinimalActorRef
    {
        public LinkSetModel Node { get; } = node;

        public override ActorPath Path { get; } = new RootActorPath(Address.AllSystems);

        public override IActorRefProvider Provider => throw new NotSupportedException();
    }
}
