using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Tests.Sequenced.Model;

/// <summary>One node of the model: a partition as a lane runs it, clients who publish and watch, and what became of it.</summary>
internal sealed class ModelNode : IPartitionOutput
{
    private static readonly TopicSettings Topics = new([new TopicOptions { Match = ">", Delivery = DeliveryKind.Sequenced, History = new HistoryOptions { Size = 12 } }]);

    private readonly ModelCluster _cluster;
    private readonly Dictionary<long, string> _awaited = [];
    private readonly Dictionary<long, TopicQuery> _asked = [];
    private readonly Dictionary<string, TopicPosition> _known = [];
    private int _published;

    public ModelNode(ModelCluster cluster, uint number)
    {
        _cluster = cluster;
        Lane = new LaneId(number, 1);
        Host = new PartitionHost(new PartitionContext(7, Lane, this, new PartitionSettings(Topics, new HistoryBudget(1000, long.MaxValue, long.MaxValue, 1000) { Window = 8 }), () => cluster.OnNewEpoch(this), () => cluster.Now));
    }

    public LaneId Lane { get; }

    public PartitionHost Host { get; }

    /// <summary>It does nothing, and what is sent to it waits.</summary>
    public bool IsPaused { get; set; }

    public bool IsDead { get; set; }

    /// <summary>Cut off from every other node.</summary>
    public bool IsCut { get; set; }

    /// <summary>The others have given it up, or will: it ends, whatever it does until then.</summary>
    public bool IsDoomed { get; set; }

    public bool IsLeaving { get; set; }

    /// <summary>Its links take nothing.</summary>
    public bool IsFull { get; set; }

    public bool IsWatching { get; private set; }

    /// <summary>Who it sees as members.</summary>
    public HashSet<LaneId> View { get; } = [];

    /// <summary>What waits while the process stands still.</summary>
    public Queue<Action> Waiting { get; } = [];

    public int Awaited => _awaited.Count + _asked.Count;

    public string Publish(string topic)
    {
        var id = $"{Lane.Node}-{++_published}";
        var content = new Forward(default, 0, Encoding.UTF8.GetBytes(topic)) { Payload = Encoding.UTF8.GetBytes(id), Time = _cluster.Now };
        var token = Host.Replica.Publish(content, TimeSpan.FromMilliseconds(_cluster.Now + ModelCluster.Patience));
        _awaited.Add(token, id);
        _cluster.History.Published(topic, id);
        return id;
    }

    public void Watch(bool isWatching)
    {
        IsWatching = isWatching;
        _cluster.History.Watched(this);
        Host.Replica.SetInterest(isWatching);
    }

    public bool Send(LaneId to, PartitionMessage message) => _cluster.Send(this, to, message);

    public void Deliver(ulong epoch, PartitionEntry entry) => _cluster.History.Delivered(this, epoch, entry);

    public void Gap(ulong epoch, long sequence) => _cluster.History.Gap(this, epoch, sequence);

    public void Answer(long token, PublishEnd end, TopicPosition position, int copies)
    {
        _cluster.History.Require(_awaited.Remove(token, out var id), $"{Lane} answers {token} twice");
        _cluster.History.Ended(this, id!, end, position);
    }

    /// <summary>A subscriber comes, which has seen something of the topic before.</summary>
    public void Subscribe(string topic)
    {
        var query = new TopicQuery(TopicQueryKind.Subscribe, Encoding.UTF8.GetBytes(topic)) { Since = _known.TryGetValue(topic, out var known) ? known : null };
        _asked.Add(Host.Replica.Ask(query, TimeSpan.FromMilliseconds(_cluster.Now + ModelCluster.Patience)), query);
    }

    public void Told(long token, TopicAnswer answer)
    {
        _cluster.History.Require(_asked.Remove(token, out var query), $"{Lane} is told {token} twice");
        if (answer.Error == TopicAnswerError.None)
        {
            var topic = Encoding.UTF8.GetString(query!.Topic);
            _known[topic] = answer.Position;
            if (IsWatching)
            {
                _cluster.History.Subscribed(this, topic, query.Since, answer);
            }
        }
    }
}
