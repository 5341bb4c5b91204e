using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Links;
using Broker.Node.Membership;

namespace Broker.Node.Lanes;

/// <summary>The lanes of this node: broadcast to local connections and to every other node. Thread-safe.</summary>
/// <remarks>
/// The dispatcher <c>broker.lane-dispatcher</c> runs the lanes if the actor system has one. The cluster and distributed
/// pub/sub extensions are started; <c>BrokerSerializer</c> must be bound to <c>IBrokerMessage</c>.
/// </remarks>
internal sealed class LaneSet : ILaneInbox
{
    public const string Dispatcher = "broker.lane-dispatcher";

    private readonly Lane[] _lanes;
    private readonly IActorRef _actor;

    /// <param name="system">The node's actor system.</param>
    /// <param name="options">Settings of lanes.</param>
    /// <param name="topics">Makes the empty local logs of a lane, at start and again after a failure; called on the lane's thread.</param>
    /// <param name="failed">
    /// Told when a lane has failed: the connections it served have to be closed (1011), their subscriptions on it are gone. Called
    /// by an actor: must not block. Commands still in the lane's inbox are executed by its successor.
    /// </param>
    /// <param name="fence">Whether the node may promise anything; looked at by every batch.</param>
    /// <param name="founding">What is missing before a cluster that was founded anew may serve; "" for nothing.</param>
    /// <param name="time">Clock; null: the system's.</param>
    /// <param name="parent">Starts the lanes' parent; null: the system does.</param>
    /// <param name="sequenced">Of sequenced topics; null: there are none, and the logs know none.</param>
    public LaneSet(ActorSystem system, LaneOptions options, Func<int, ILaneTopics> topics, Action<int, Exception> failed, Fence fence, string founding = "", TimeProvider? time = null, IActorRefFactory? parent = null, SequencedOptions? sequenced = null)
    {
        var clock = time ?? TimeProvider.System;
        var mediator = DistributedPubSub.Get(system).Mediator;
        var hasDispatcher = system.Dispatchers.HasDispatcher(Dispatcher);
        Gate = new ReadyGate(options.Count, options.HelloTimeout, founding);
        _lanes = new Lane[options.Count];
        for (var i = 0; i < _lanes.Length; i++)
        {
            _lanes[i] = new Lane(_lanes);
        }

        Func<LaneIdentity, Props> propsOf = lane =>
        {
            var props = Props.Create(() => new LaneActor(lane, _lanes[lane.Lane], topics, mediator, options, clock, Counters, fence, sequenced));
            return hasDispatcher ? props.WithDispatcher(Dispatcher) : props;
        };

        _actor = (parent ?? system).ActorOf(Props.Create(() => new LanesActor(options, _lanes, propsOf, Gate, fence, failed, clock)), "lanes");
    }

    /// <summary>The parent of the lanes.</summary>
    public IActorRef Actor => _actor;

    public IReadOnlyList<Lane> All => _lanes;

    public ReadyGate Gate { get; }

    public LinkCounters Counters { get; } = new();

    public int Count => _lanes.Length;

    public void Post(LaneCommand command) => _lanes[command.TopicHash % (uint)_lanes.Length].Post(command);

    public void Leave(IEnumerable<Subscription> subscriptions)
    {
        var commands = new LeaveCommand?[_lanes.Length];
        foreach (var subscription in subscriptions)
        {
            subscription.HasLeft = true;
            ref var command = ref commands[subscription.TopicHash % (uint)_lanes.Length];
            if (command is null)
            {
                command = new LeaveCommand(subscription);
            }
            else
            {
                command.Add(subscription);
            }
        }

        foreach (var command in commands)
        {
            if (command is not null)
            {
                Post(command);
            }
        }
    }

    /// <summary>What is missing before this node's cluster may serve; "": nothing any more, and for good.</summary>
    public void Founding(string missing) => _actor.Tell(new LanesActor.Founding(missing));

    /// <summary>The node may serve no longer: its clients are closed.</summary>
    public void Close(string reason) => _actor.Tell(new LanesActor.CloseGate(reason));

    /// <summary>Has a lane look at what there is to do, though nothing was posted.</summary>
    public void Wake(int lane) => _lanes[lane].Arm();

    /// <summary>
    /// Orderly stop, after the connections were closed: the gate closes, lanes execute what lies in their inboxes and then take
    /// nothing more, send what they keep, and say goodbye with their last numbers. True when every peer that can be reached has
    /// acknowledged; false when the time was up before. Subscriptions of clients that have ended may be left open.
    /// </summary>
    public Task<bool> GoodbyeAsync(TimeSpan timeout)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _actor.Tell(new LanesActor.Goodbye(timeout, done));
        return done.Task;
    }
}
