using Akka;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Akka.Serialization;
using Broker.Node;
using Broker.Node.Configuration;
using Broker.Node.Hosting;
using Broker.Node.Links;
using Broker.Tests.Clients;
using Broker.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ConfigurationException = Broker.Node.Configuration.ConfigurationException;

namespace Broker.Tests.Hosting;

/// <summary>A node in the actor system that its application has asked Akka.Hosting for.</summary>
public sealed class ApplicationSystemSpecs : RealClientSpecs
{
    [Fact]
    public async Task An_actor_of_the_application_publishes_and_one_shutdown_ends_all()
    {
        var shutdowns = 0;
        var atShutdown = -1;
        JsonClient? client = null;
        await using var host = await InProcessHost.StartAsync(Cancellation, Configured(akka => akka
            .WithActors(static (system, registry, resolver) => registry.Register<Announcer>(system.ActorOf(resolver.Props<Announcer>(), "announcer")))
            .AddStartup((system, _) => CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "count", () =>
            {
                Interlocked.Increment(ref shutdowns);
                atShutdown = (int?)client?.CloseStatus ?? 0;
                return Task.FromResult(Done.Instance);
            }))));
        var system = host.Services.GetRequiredService<ActorSystem>();
        Assert.Equal("my-app", system.Name);
        await using (client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation))
        {
            await client.SubscribeAsync("news", Cancellation);

            var announcer = await host.Services.GetRequiredService<IRequiredActor<Announcer>>().GetAsync(Cancellation);
            Assert.Equal(PublishResult.Published, await announcer.Ask<PublishResult>("hello", Cancellation));

            Assert.Equal("hello", (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetString());
            var reading = client.ReadToCloseAsync(Cancellation);
            await host.StopAsync(Cancellation);
            Assert.Equal("disconnecting", JsonClient.TypeOf((await reading)[^1]));
            Assert.Equal(1012, (int?)client.CloseStatus);
        }

        Assert.True(system.WhenTerminated.IsCompleted);
        Assert.Equal((1, 1012), (shutdowns, atShutdown));
        Assert.IsType<CoordinatedShutdown.ClrExitReason>(CoordinatedShutdown.Get(system).ShutdownReason);
    }

    [Fact]
    public async Task Messages_of_the_application_keep_their_serializer_and_the_brokers_have_theirs()
    {
        await using var host = await InProcessHost.StartAsync(Cancellation, Configured(static _ => { }));
        var serialization = host.Services.GetRequiredService<ActorSystem>().Serialization;

        Assert.IsType<NewtonSoftJsonSerializer>(serialization.FindSerializerForType(typeof(Announcer)));
        Assert.IsType<BrokerSerializer>(serialization.FindSerializerForType(typeof(LinkHello)));
    }

    [Fact]
    public async Task Node_owns_partitions_and_regions_of_the_application_keep_their_settings()
    {
        await using var host = await InProcessHost.StartAsync(Cancellation, Configured(static akka => akka.AddHocon("akka.cluster.sharding.retry-interval = 7s", HoconAddMode.Prepend)));
        var leases = host.Services.GetRequiredService<LanesModule>().Leases;
        await Eventually.IsTrueAsync(() => leases.Region is not null, "no region");
        leases.Poke(7);
        await Eventually.IsTrueAsync(() => leases.Has(7), "not owned");

        var system = host.Services.GetRequiredService<ActorSystem>();
        var applications = ClusterShardingSettings.Create(system);
        Assert.Equal((StateStoreMode.Persistence, TimeSpan.FromSeconds(7)), (applications.StateStoreMode, applications.TuningParameters.RetryInterval));
        var brokers = AkkaConfig.ShardingOf(system.Settings.Config);
        Assert.Equal((StateStoreMode.DData, TimeSpan.FromMilliseconds(500)), (brokers.StateStoreMode, brokers.TuningParameters.RetryInterval));
    }

    [Fact]
    public async Task Host_and_port_of_the_application_hold_where_the_broker_has_none()
    {
        await using var host = await InProcessHost.StartAsync(Cancellation, Configured(static akka => akka.WithRemoting("localhost", 0).WithClustering()));

        Assert.Equal("localhost", Akka.Cluster.Cluster.Get(host.Services.GetRequiredService<ActorSystem>()).SelfAddress.Host);
        Assert.Equal(1, host.Broker.State.Members);
    }

    [Fact]
    public async Task Contradictions_are_refused_by_the_names_of_both_keys()
    {
        var errors = await RefusedAsync(
            static akka => akka
                .WithRemoting("127.0.0.1", 4998)
                .WithClustering(new Akka.Cluster.Hosting.ClusterOptions { SeedNodes = ["akka.tcp://my-app@127.0.0.1:4998"] })
                .AddHocon("akka.remote.dot-netty.tcp.maximum-frame-size = 128000b", HoconAddMode.Prepend)
                .AddHocon("akka.cluster.split-brain-resolver.active-strategy = keep-oldest", HoconAddMode.Prepend),
            new CommandLineOptions { Port = 0, OpsPort = 0, ClusterPort = 4999, Seeds = ["127.0.0.1:4999"] });

        Assert.Equal(
            [
                "akka.remote.dot-netty.tcp.port of AddAkka and broker.cluster.port contradict each other: set one of them",
                "akka.cluster.seed-nodes of AddAkka and broker.cluster.seeds contradict each other: set one of them",
                "akka.cluster.split-brain-resolver.active-strategy of AddAkka and broker.cluster.downing contradict each other: set one of them",
                "akka.remote.dot-netty.tcp.maximum-frame-size of AddAkka: must be at least 2097152, which broker.lanes and broker.limits are checked against",
            ],
            errors);
    }

    [Fact]
    public async Task System_without_a_cluster_is_refused()
    {
        var error = Assert.Single(await RefusedAsync(static akka => akka.WithRemoting("127.0.0.1", 0), new CommandLineOptions { Port = 0, OpsPort = 0 }));

        Assert.Contains("WithClustering", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddAkka_after_AddBroker_is_refused()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.AddBroker(new CommandLineOptions { Port = 0, OpsPort = 0 });
        builder.Services.AddAkka("my-app", static _ => { });
        await using var app = builder.Build();

        var failure = await Assert.ThrowsAsync<ConfigurationException>(() => app.StartAsync(Cancellation));

        Assert.StartsWith("AddAkka comes after AddBroker", failure.Message, StringComparison.Ordinal);
    }

    private static Action<WebApplicationBuilder> Configured(Action<AkkaConfigurationBuilder> configure) =>
        builder => builder.Services.AddAkka("my-app", akka => configure(akka.AddHocon("akka.loglevel = WARNING", HoconAddMode.Prepend)));

    private async Task<IReadOnlyList<string>> RefusedAsync(Action<AkkaConfigurationBuilder> configure, CommandLineOptions flags)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddAkka("my-app", configure);
        builder.AddBroker(flags);
        await using var app = builder.Build();
        return (await Assert.ThrowsAsync<ConfigurationException>(() => app.StartAsync(Cancellation))).Errors;
    }

    internal sealed class Announcer : ReceiveActor
    {
        public Announcer(IBroker broker) => Receive<string>(text => broker.PublishAsync("news", text).PipeTo(Sender));
    }
}
