using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Tests.Sequenced;

/// <summary>A partition on lanes of several nodes on virtual time, with links that lose nothing and hold as much as real ones.</summary>
internal sealed class PartitionNet
{
    private static readonly LaneOptions Lanes = new();

    private readonly List<Node> _nodes = [];
    private readonly Dictionary<(LaneId From, LaneId To), (Queue<byte[]> Messages, int Weight)> _links = [];
    private ulong _epochs;

    public PartitionNet(int count)
    {
        for (var i = 1u; i <= count; i++)
        {
            _nodes.Add(new Node(this, new LaneId(i, 1)));
        }

        foreach (var node in _nodes)
        {
            foreach (var other in _nodes.Where(other => other != node))
            {
                node.Host.OnMember(other.Lane);
            }
        }
    }

    public IReadOnlyList<Node> Nodes => _nodes;

    public TimeSpan Now { get; private set; }

    /// <summary>Bytes of the largest message between two nodes.</summary>
    public int Largest { get; private set; }

    /// <summary>Messages that a link had no room for.</summary>
    public int NotTaken { get; set; }

    /// <summary>One second, and all that comes of it.</summary>
    public void Tick()
    {
        Now += TimeSpan.FromSeconds(1);
        foreach (var node in _nodes)
        {
            node.Host.Tick(Now);
        }

        Run();
    }

    /// <summary>The others hear nothing of a node any more, and remove it.</summary>
    public void Kill(Node node)
    {
        _nodes.Remove(node);
        foreach (var other in _nodes)
        {
            other.Host.OnRemoved(node.Lane);
        }

        Run();
    }

    /// <summary>Carries what the nodes say, all that is under way at a time, until they say nothing.</summary>
    public void Run()
    {
        while (_links.Count > 0)
        {
            foreach (var (link, (messages, _)) in _links.ToList())
            {
                _links.Remove(link);
                var to = _nodes.Find(node => node.Lane == link.To);
                foreach (var message in messages)
                {
                    to?.Host.Receive(link.From, PartitionCodec.Read(message, out _)!);
                }
            }

            foreach (var node in _nodes)
            {
                node.Host.Replica.SendHeld();
            }
        }
    }

    private bool Send(LaneId from, LaneId to, PartitionMessage message)
    {
        var buffer = new MessageBuffer();
        var writer = new PartitionWriter(buffer.Clear());
        PartitionCodec.Write(ref writer, 0, message);
        var bytes = buffer.Written.ToArray();
        var (messages, weight) = _links.GetValueOrDefault((from, to), (new Queue<byte[]>(), 0));
        if (from != to)
        {
            Largest = Math.Max(Largest, bytes.Length);
            if (weight >= Lanes.Window)
            {
                NotTaken++;
                return false;
            }
        }

        messages.Enqueue(bytes);
        _links[(from, to)] = (messages, weight + bytes.Length + 128);
        return true;
    }

    internal sealed class Node : IPartitionOutput
    {
        private readonly PartitionNet _net;

        public Node(PartitionNet net, LaneId lane)
        {
            (_net, Lane) = (net, lane);
            var topics = new TopicSettings([new TopicOptions { Match = ">", Delivery = DeliveryKind.Sequenced, Presence = true }]);
            var settings = new PartitionSettings(topics, new HistoryBudget(1000, long.MaxValue, long.MaxValue, 1000));
            Host = new PartitionHost(new PartitionContext(0, lane, this, settings, () => ++net._epochs, () => (long)net.Now.TotalMilliseconds));
        }

        public LaneId Lane { get; }

        public PartitionHost Host { get; }

        /// <summary>What subscribers were shown, and when.</summary>
        public List<(TimeSpan At, PartitionEntry Entry)> Shown { get; } = [];

        public int Gaps { get; private set; }

        public TopicAnswer? Answer { get; private set; }

        public bool Send(LaneId to, PartitionMessage message) => _net.Send(Lane, to, message);

        public void Deliver(ulong epoch, PartitionEntry entry) => Shown.Add((_net.Now, entry));

        public void Gap(ulong epoch, long sequence) => Gaps++;

        void IPartitionOutput.Answer(long token, PublishEnd end, TopicPosition position, int copies) => Assert.Fail("Nothing was published.");

        public void Told(long token, TopicAnswer answer) => Answer = answer;
    }
}
