using Akka.Actor;
using Akka.Actor.Setup;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Hosting;

namespace Broker.Tests.Configuration;

/// <summary>An actor system made from a configuration, as a node makes it, with short intervals.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private const string Fast = """
        include "built-in/broker.conf"
        akka {
          cluster { gossip-interval = 50ms, leader-actions-interval = 50ms, periodic-tasks-initial-delay = 50ms, seed-node-timeout = 1s, retry-unsuccessful-join-after = 200ms }
          remote.retry-gate-closed-for = 100ms
          scheduler.tick-duration = 10ms
        }

        """;

    private static readonly ConfigurationChecks Checks = new() { Origins = _ => null, TopicPattern = _ => true, Akka = static (options, akka, errors) => AkkaConfig.Build(options, akka, errors) };

    public ClusterNode(ActorSystemSetup setup) => System = ActorSystem.Create(ClusterOptions.SystemName, setup);

    public ActorSystem System { get; }

    public Akka.Cluster.Cluster Cluster => Akka.Cluster.Cluster.Get(System);

    public static ConfigurationResult Load(string text, bool brokerSerializer = false)
    {
        var result = BrokerConfiguration.Load(new CommandLineOptions { Config = "node.conf" }, new Dictionary<string, string>(), Checks with { Akka = (options, akka, errors) => AkkaConfig.Build(options, akka, errors, brokerSerializer) }, Read);
        Assert.Empty(result.Errors);
        return result;

        string? Read(string file) => file == "node.conf" ? Fast + text : File.Exists(file) ? File.ReadAllText(file) : null;
    }

    /// <summary>A node that is Up in a cluster of its own.</summary>
    public static async Task<ClusterNode> StartAsync(string text = "")
    {
        var setup = NodeSystemSetup.TryCreate(Load(text), TimeProvider.System, out var error);
        Assert.Null(error);
        var node = new ClusterNode(setup!);
        await node.Cluster.JoinAsync(node.Cluster.SelfAddress, TestContext.Current.CancellationToken);
        return node;
    }

    public async ValueTask DisposeAsync() => await System.Terminate();

    /// <summary>Completes when this node has seen the member at the address become Up.</summary>
    public Task SeesUpAsync(Address address)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        System.ActorOf(Props.Create(() => new UpActor(address, seen)));
        return seen.Task;
    }

    private sealed class UpActor : ReceiveActor
    {
        public UpActor(Address address, TaskCompletionSource seen)
        {
            Akka.Cluster.Cluster.Get(Context.System).Subscribe(Self, Akka.Cluster.ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(Akka.Cluster.ClusterEvent.MemberUp));
            Receive<Akka.Cluster.ClusterEvent.MemberUp>(up =>
            {
                if (up.Member.Address.Equals(address))
                {
                    seen.TrySetResult();
                }
            });
        }
    }
}
