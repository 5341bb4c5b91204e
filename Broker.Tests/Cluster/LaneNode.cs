using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;
using Akka.Remote;
using Akka.Remote.Transport;
using Broker.Node.Configuration.Options;
using Broker.Node.Lanes;
using Broker.Node.Membership;
using Broker.Tests.Lanes;

namespace Broker.Tests.Cluster;

/// <summary>A node of a cluster inside the test's process: real remoting, real mediator, lanes over fake logs.</summary>
internal sealed class LaneNode : IAsyncDisposable
{
    /// <param name="options">Of the lanes; null: two of them.</param>
    /// <param name="extra">Akka configuration over the baseline.</param>
    /// <param name="isFenced">Whether it sends and answers pulses; else its fence is always open.</param>
    public LaneNode(LaneOptions? options = null, string extra = "", bool isFenced = false)
    {
        Options = options ?? new LaneOptions { Count = 2 };
        Topics = [.. Enumerable.Range(0, Options.Count).Select(_ => new FakeLaneTopics())];
        System = ActorSystem.Create("broker", ConfigurationFactory.ParseString(extra).WithFallback(ConfigurationFactory.ParseString(Baseline)).WithFallback(DistributedPubSub.DefaultConfig()));
        Fence = isFenced ? new Fence(TimeProvider.System) : Fence.None;
        Lanes = new LaneSet(System, Options, TopicsOf, (lane, _) => OnFailed(lane), Fence);
        if (isFenced)
        {
            Action nothing = static () => { };
            System.ActorOf(Props.Create(() => new PulseActor(Fence, DowningMode.Majority, TimeProvider.System, () => Lanes.Gate.IsReady, nothing, nothing)), PulseActor.Name);
        }
    }

    public ActorSystem System { get; }

    public LaneOptions Options { get; }

    public Fence Fence { get; }

    public LaneSet Lanes { get; }

    /// <summary>The logs of each lane; replaced when the lane is.</summary>
    public FakeLaneTopics[] Topics { get; }

    public Akka.Cluster.Cluster Cluster => Akka.Cluster.Cluster.Get(System);

    public Address Address => Cluster.SelfAddress;

    public TaskCompletionSource<int> Failed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private const string Baseline = """
        akka {
          loglevel = WARNING
          stdout-loglevel = WARNING
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          extensions = ["Akka.Cluster.Tools.PublishSubscribe.DistributedPubSubExtensionProvider, Akka.Cluster.Tools"]
          actor {
            provider = cluster
            serialization-settings.allow-unregistered-types = off
            default-dispatcher.throughput = 100
            serializers.broker = "Broker.Node.Hosting.BrokerSerializer, Broker.Node"
            serialization-bindings { "Broker.Node.Links.IBrokerMessage, Broker.Node" = broker }
          }
          remote {
            retry-gate-closed-for = 1s
            use-passive-connections = off
            dot-netty.tcp {
              hostname = "127.0.0.1"
              port = 0
              maximum-frame-size = 2m
              send-buffer-size = 2m
              receive-buffer-size = 2m
              applied-adapters = ["trttl"]
            }
          }
          cluster {
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            split-brain-resolver { active-strategy = keep-majority
              stable-after = 4s }
            down-removal-margin = 1s
            failure-detector.acceptable-heartbeat-pause = 2s
            allow-weakly-up-members = off
            gossip-interval = 200ms
            leader-actions-interval = 200ms
            periodic-tasks-initial-delay = 200ms
            pub-sub { max-delta-elements = 300
              gossip-interval = 200ms }
          }
          coordinated-shutdown.run-by-actor-system-terminate = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          coordinated-shutdown.exit-clr = off
        }
        """;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Task JoinAsync(LaneNode seed) => Cluster.JoinAsync(seed.Address, Cancel);

    public Task ReadyAsync() => Lanes.Gate.Ready.WaitAsync(TimeSpan.FromSeconds(15), Cancel);

    /// <summary>Two or more nodes in one cluster, all ready.</summary>
    public static async Task<LaneNode[]> FormAsync(int count, LaneOptions? options = null, string extra = "", bool isFenced = false)
    {
        var nodes = Enumerable.Range(0, count).Select(_ => new LaneNode(options, extra, isFenced)).ToArray();
        foreach (var node in nodes)
        {
            await node.JoinAsync(nodes[0]);
        }

        foreach (var node in nodes)
        {
            await node.ReadyAsync();
        }

        return nodes;
    }

    public FakePublish Publish(uint lane, string frame)
    {
        var command = new FakePublish("t", frame, lane);
        Lanes.Post(command);
        return command;
    }

    /// <summary>The next line of a lane's log.</summary>
    public async Task<string> NextAsync(int lane) => await Topics[lane].Lines.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(15), Cancel);

    /// <summary>Cuts or heals what this node sends to and receives from another.</summary>
    public Task<bool> ThrottleAsync(LaneNode peer, ThrottleMode mode, ThrottleTransportAdapter.Direction direction = ThrottleTransportAdapter.Direction.Both)
    {
        var transport = ((IRemoteActorRefProvider)((ExtendedActorSystem)System).Provider).Transport;
        return transport.ManagementCommand(new SetThrottle(peer.Address, direction, mode));
    }

    /// <summary>Completes at the first matching event of the cluster.</summary>
    public Task Signal(Func<object, bool> matches)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        System.ActorOf(Props.Create(() => new SignalActor(matches, done)));
        return done.Task;
    }

    public async ValueTask DisposeAsync() => await System.Terminate();

    private FakeLaneTopics TopicsOf(int lane) => Topics[lane] = new FakeLaneTopics();

    private void OnFailed(int lane)
    {
        Failed.TrySetResult(lane);
    }

    private sealed class SignalActor : ReceiveActor
    {
        public SignalActor(Func<object, bool> matches, TaskCompletionSource done)
        {
            Akka.Cluster.Cluster.Get(Context.System).Subscribe(Self, Akka.Cluster.ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(Akka.Cluster.ClusterEvent.IMemberEvent), typeof(Akka.Cluster.ClusterEvent.IReachabilityEvent));
            ReceiveAny(message =>
            {
                if (matches(message))
                {
                    done.TrySetResult();
                }
            });
        }
    }
}
