using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Links;
using Broker.Node.Membership;
using Broker.Node.Ownership;
using Broker.Node.Rooms;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Node.Transports.WebSocket;

namespace Broker.Node.Hosting;

/// <summary>Starts the lanes, with the logs of their topics and the threads for big fan-outs; stops these threads.</summary>
internal sealed class LanesModule(BrokerOptions options, TopicRules topics, RoomRuns rooms, Fence fence, OpenConnections open, BrokerMetrics metrics, NodeLog log, TimeProvider time) : INodePart, IDisposable
{
    private readonly FanOutPool _pool = new(FanOutPool.DefaultThreads);
    private LaneSet? _lanes;
    private PartitionLeases? _leases;

    /// <summary>A lane's logs are lost: everyone has to come back, and to subscribe anew. Raised by an actor.</summary>
    public event Action? Failed;

    /// <summary>Something is asked of all connections of a user. Raised by a lane: may not wait for anything.</summary>
    public event Action<string, UserOrder>? Ordered;

    /// <summary>Null before the start.</summary>
    public ReadyGate? Gate => Volatile.Read(ref _lanes)?.Gate;

    /// <summary>Which partitions this node owns; not before the start.</summary>
    public PartitionLeases Leases => _leases!;

    /// <summary>Lanes of the node.</summary>
    public int Count => options.Lanes.Count;

    /// <summary>Not before the start.</summary>
    public IReadOnlyList<Lane> All => _lanes!.All;

    /// <summary>Where commands go; not before the start.</summary>
    public ILaneInbox Inbox => _lanes!;

    public void Start(IActorContext node)
    {
        _leases = new PartitionLeases(options.Lanes.Count, lane => _lanes?.Wake(lane));
        var memory = new LogMemory(options.Memory.LogBytes, options.Lanes.Count, lane => _lanes?.Wake(lane));
        var limits = options.Limits;
        var budget = new HistoryBudget(limits.Topics, options.Memory.History, limits.History, limits.Keys);
        var partitions = new PartitionSettings(topics.Settings, budget)
        {
            Copies = options.Cluster.Copies - 1,
            IsSurvivor = options.Cluster.Downing == DowningMode.Survivor,
            SharesRates = options.Rate.Per == RateScope.User,
            MemberList = limits.MemberList,
            MaxMembers = limits.Members,
        };
        var lanes = new LaneSet(
            node.System,
            options.Lanes,
            lane => new LaneTopics(_pool, options.Limits.Lag, options.Limits.Patterns, options.Deflate, new LaneMemory(memory, lane, metrics), metrics, fence),
            OnFailed,
            fence,
            "the cluster is being founded",
            time,
            node,
            new SequencedOptions(_leases, partitions) { Rooms = rooms, Pending = limits.Pending, Ordered = (user, order) => Ordered?.Invoke(user, order) });
        Volatile.Write(ref _lanes, lanes);
        var links = lanes.Counters;
        metrics.ShowLinks(() => links.Gaps, () => links.Skips, () => links.MessagesLost);
        metrics.ShowMemory(() => memory.Total, () => open.Held);
        metrics.ShowHistory(() => budget.Bytes, () => budget.Topics);
    }

    /// <returns>False: the node is not ready.</returns>
    public bool TryPost(LaneCommand command)
    {
        if (Volatile.Read(ref _lanes) is not { Gate.IsReady: true } lanes)
        {
            return false;
        }

        lanes.Post(command);
        return true;
    }

    /// <inheritdoc cref="LaneSet.Founding"/>
    public void Founding(string missing) => _lanes!.Founding(missing);

    /// <inheritdoc cref="LaneSet.Close"/>
    public void Close(string reason) => Volatile.Read(ref _lanes)?.Close(reason);

    /// <inheritdoc cref="LaneSet.GoodbyeAsync"/>
    public Task<bool> GoodbyeAsync(TimeSpan timeout) => _lanes!.GoodbyeAsync(timeout);

    public void Dispose() => _pool.Dispose();

    private void OnFailed(int lane, Exception error)
    {
        log.LaneFailed(error, lane);
        Failed?.Invoke();
    }
}
