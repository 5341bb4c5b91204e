using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Tests.Sequenced.Model;

/// <summary>One node of the model: a partition as a lane runs it, clients who publish and watch, and what became of it.</summary>
internal sealed class ModelNode : IPartitionOutput
{
    private readonly ModelCluster _cluster;
    private readonly Dictionary<long, string> _awaited = [];
    private int _published;

    public ModelNode(ModelCluster cluster, uint number)
    {
        _cluster = cluster;
        Lane = new LaneId(number, 1);
        Host = new PartitionHost(7, Lane, this, () => cluster.OnNewEpoch(this));
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

    public bool IsWatching { get; private set; }

    /// <summary>Who it sees as members.</summary>
    public HashSet<LaneId> View { get; } = [];

    /// <summary>What waits while the process stands still.</summary>
    public Queue<Action> Waiting { get; } = [];

    public int Awaited => _awaited.Count;

    public string Publish(string topic)
    {
        var id = $"{Lane.Node}-{++_published}";
        var token = Host.Replica.Publish(topic, System.Text.Encoding.UTF8.GetBytes(id), WireFormat.Json, _cluster.Now, TimeSpan.FromMilliseconds(_cluster.Now + ModelCluster.Patience));
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

    public void Send(LaneId to, PartitionMessage message) => _cluster.Send(this, to, message);

    public void Deliver(ulong epoch, PartitionEntry entry) => _cluster.History.Delivered(this, epoch, entry);

    public void Gap(ulong epoch, long sequence) => _cluster.History.Gap(this, epoch, sequence);

    public void Interested(ulong epoch, long sequence) => _cluster.History.Interested(this, epoch, sequence);

    public void Answer(long token, PublishEnd end, ulong epoch, long offset)
    {
        _cluster.History.Require(_awaited.Remove(token, out var id), $"{Lane} answers {token} twice");
        _cluster.History.Ended(this, id!, end, epoch, offset);
    }
}
