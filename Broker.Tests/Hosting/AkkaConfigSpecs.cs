using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Dispatch.MessageQueues;
using Akka.Streams.Dsl;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;
using Broker.Node.Hosting;
using Broker.Tests.Configuration;

namespace Broker.Tests.Hosting;

public sealed class AkkaConfigSpecs
{
    [Fact]
    public void Configuration_of_Akka_has_our_baseline()
    {
        var config = AkkaConfig.ToConfig(ClusterNode.Load("").Akka!);
        Assert.Equal("cluster", config.GetString("akka.actor.provider"));
        Assert.Equal(TimeSpan.FromSeconds(4), config.GetTimeSpan("akka.cluster.split-brain-resolver.stable-after"));
        Assert.Equal(2 * 1024 * 1024, config.GetByteSize("akka.remote.dot-netty.tcp.maximum-frame-size"));
        Assert.False(config.GetBoolean("akka.cluster.allow-weakly-up-members", true));
        Assert.False(config.GetBoolean("akka.actor.serialization-settings.allow-unregistered-types", true));
        Assert.False(config.GetBoolean("akka.coordinated-shutdown.exit-clr", true));
        Assert.False(config.GetBoolean("akka.coordinated-shutdown.run-by-clr-shutdown-hook", true));
        Assert.Equal(100, config.GetInt("akka.actor.default-dispatcher.throughput"));
        Assert.Equal(TimeSpan.FromSeconds(5), config.GetTimeSpan("akka.coordinated-shutdown.phases.service-requests-done.timeout"));
        Assert.Equal(300, config.GetInt("akka.cluster.pub-sub.max-delta-elements"));
    }

    [Fact]
    public void Partitions_are_owned_in_memory_on_every_node_for_as_long_as_it_stays()
    {
        var settings = AkkaConfig.ShardingOf(AkkaConfig.ToConfig(ClusterNode.Load("akka.cluster.sharding.rebalance-interval = 3s").Akka!));
        Assert.Equal((StateStoreMode.DData, false, TimeSpan.Zero, null), (settings.StateStoreMode, settings.RememberEntities, settings.PassivateIdleEntityAfter, settings.Role));
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(500)), (settings.TuningParameters.RebalanceInterval, settings.TuningParameters.RetryInterval));
    }

    [Fact]
    public void Messages_of_the_broker_are_bound_to_its_serializer()
    {
        var akka = ClusterNode.Load("", brokerSerializer: true).Akka!;
        Assert.Equal("Broker.Node.Hosting.BrokerSerializer, Broker.Node", Text(akka, "actor", "serializers", "broker"));
        Assert.Equal("broker", Text(akka, "actor", "serialization-bindings", "Broker.Node.Links.IBrokerMessage, Broker.Node"));
    }

    [Fact]
    public void User_tree_is_merged_over_the_baseline()
    {
        var config = AkkaConfig.ToConfig(ClusterNode.Load("akka { loglevel = DEBUG, cluster.failure-detector.threshold = 12.0, x { \"a.b\" = \"q\\\"\\\\$ {}\", list = [1, \"b c\"], none = null } }").Akka!);
        Assert.Equal("DEBUG", config.GetString("akka.loglevel"));
        Assert.Equal(12.0, config.GetDouble("akka.cluster.failure-detector.threshold"));
        Assert.Equal(TimeSpan.FromSeconds(2), config.GetTimeSpan("akka.cluster.failure-detector.acceptable-heartbeat-pause"));
        Assert.Equal("q\"\\$ {}", config.GetString("akka.x.\"a.b\""));
        Assert.Equal(["1", "b c"], config.GetStringList("akka.x.list"));
        Assert.False(config.HasPath("akka.x.none"));
    }

    [Fact]
    public void Seeds_get_the_scheme_of_the_transport()
    {
        string[] seeds = ["10.0.0.1:4053", "[::1]:4053"];
        Assert.Equal(["akka.tcp://broker@10.0.0.1:4053", "akka.tcp://broker@[::1]:4053"], Seeds(new ClusterOptions { Seeds = seeds }));
        Assert.Equal(["akka.ssl.tcp://broker@10.0.0.1:4053", "akka.ssl.tcp://broker@[::1]:4053"], Seeds(new ClusterOptions { Seeds = seeds, Tls = new TlsOptions { Enabled = true } }));
        Assert.All(Seeds(new ClusterOptions { Seeds = seeds }), seed => Assert.Equal(4053, Address.Parse(seed).Port));
    }

    [Fact]
    public async Task System_joins_itself_and_runs_lanes_on_threads_of_their_own()
    {
        await using var node = await ClusterNode.StartAsync();
        Assert.True(node.System.HasExtension<DistributedPubSub>());
        var answered = new TaskCompletionSource<bool>();
        node.System.ActorOf(Props.Create(() => new ThreadProbe(answered)).WithDispatcher(AkkaConfig.LaneDispatcher)).Tell("go");
        Assert.False(await answered.Task.WaitAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Connections_alone_have_the_compact_mailbox()
    {
        await using var node = await ClusterNode.StartAsync();
        var deadline = TestContext.Current.CancellationToken;
        var dispatcher = node.System.Dispatchers.Lookup(AkkaConfig.ConnectionDispatcher);
        var standard = node.System.Dispatchers.DefaultGlobalDispatcher;
        Assert.Equal((standard.GetType(), standard.Throughput), (dispatcher.GetType(), dispatcher.Throughput));
        Assert.IsType<CompactMessageQueue>(await QueueOfChild("broker"));
        Assert.IsNotType<CompactMessageQueue>(await QueueOfChild("other"));
        Assert.IsType<CompactMessageQueue>(await Source.Single(0).Select(_ => Queue()).RunWith(Sink.First<IMessageQueue>(), node.System));

        async Task<IMessageQueue> QueueOfChild(string grandparent)
        {
            var queue = new TaskCompletionSource<IMessageQueue>();
            node.System.ActorOf(Props.Create(() => new GrandparentOfProbe(queue)), grandparent).Tell("go");
            return await queue.Task.WaitAsync(deadline);
        }
    }

    [Fact]
    public async Task Json_with_a_type_name_is_refused_and_creates_nothing()
    {
        await using var node = await ClusterNode.StartAsync();
        var bytes = Encoding.UTF8.GetBytes($$"""{"$type":"{{typeof(Trap).FullName}}, Broker.Tests","Spring":1}""");
        var serialization = node.System.Serialization;
        Assert.Throws<SerializationException>(() => serialization.Deserialize(bytes, 1, typeof(Trap).AssemblyQualifiedName));
        Assert.Throws<SerializationException>(() => serialization.Deserialize(bytes, 1, ""));
        Assert.Throws<SerializationException>(() => serialization.Deserialize(bytes, 1, typeof(object)));
        Assert.False(Trap.Sprung);
    }

    [Fact]
    public async Task Type_outside_the_closed_set_cannot_be_serialized()
    {
        await using var node = await ClusterNode.StartAsync();
        Assert.ThrowsAny<Exception>(() => node.System.Serialization.Serialize(new Trap()));
        Assert.ThrowsAny<Exception>(() => node.System.Serialization.Serialize(new Dictionary<string, object> { ["a"] = 1 }));
    }

    [Fact]
    public async Task No_type_is_bound_to_a_serializer_that_creates_types_by_name()
    {
        await using var node = await ClusterNode.StartAsync();
        var serializers = node.System.Settings.Config.GetConfig("akka.actor.serializers").AsEnumerable().ToDictionary(pair => pair.Key, pair => pair.Value.GetString());
        Assert.DoesNotContain(serializers.Values, type => type.Contains("Newtonsoft", StringComparison.OrdinalIgnoreCase) || type.Contains("Hyperion", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("Broker.Node.Links.RefusingJsonSerializer, Broker.Node", serializers["json"]);
    }

    private static string[] Seeds(ClusterOptions cluster)
    {
        var tree = AkkaConfig.Build(new BrokerOptions { Cluster = cluster }, null, new ConfigurationErrors());
        return [.. AkkaConfig.ToConfig(tree).GetStringList("akka.cluster.seed-nodes")];
    }

    /// <summary>Of the actor that asks.</summary>
    private static IMessageQueue Queue() => InternalCurrentActorCellKeeper.Current!.Mailbox!.MessageQueue;

    private static string Text(HoconObject tree, params string[] path) => ((HoconScalar)tree.Find(["akka", .. path])!).Text;

    private sealed class ThreadProbe : ReceiveActor
    {
        public ThreadProbe(TaskCompletionSource<bool> answered) => ReceiveAny(_ => answered.SetResult(Thread.CurrentThread.IsThreadPoolThread));
    }

    private sealed class GrandparentOfProbe : ReceiveActor
    {
        public GrandparentOfProbe(TaskCompletionSource<IMessageQueue> queue) =>
            ReceiveAny(go => Context.ActorOf(Props.Create(() => new ParentOfProbe(queue)), "connections").Forward(go));
    }

    private sealed class ParentOfProbe : ReceiveActor
    {
        public ParentOfProbe(TaskCompletionSource<IMessageQueue> queue) => ReceiveAny(go => Context.ActorOf(Props.Create(() => new QueueProbe(queue))).Forward(go));
    }

    private sealed class QueueProbe : ReceiveActor
    {
        public QueueProbe(TaskCompletionSource<IMessageQueue> queue) => ReceiveAny(_ => queue.SetResult(Queue()));
    }

    private sealed class Trap
    {
        public static bool Sprung { get; private set; }

        public int Spring
        {
            get;
            set
            {
                field = value;
                Sprung = true;
            }
        }
    }
}
