using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;
using Akka.Hosting;
using Akka.Remote.Transport.DotNetty;
using Broker.Node.Auth;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Diagnostics;
using Broker.Node.Hosting.Application;
using Broker.Node.Http;
using Broker.Node.Listening;
using Broker.Node.Membership;
using Broker.Node.Rooms;
using Broker.Node.Topics;
using Broker.Node.Transports.Echo;
using Broker.Node.Transports.LongPoll;
using Broker.Node.Transports.Sessions;
using Broker.Node.Transports.Sse;
using Broker.Node.Transports.WebSocket;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Broker.Node.Hosting;

/// <summary>The services a node is made of. Nothing asks for a service later: what a class needs is in its constructor.</summary>
internal static class BrokerServices
{
    public static IServiceCollection AddBroker(this IServiceCollection services, ConfigurationResult configuration)
    {
        var listen = configuration.Options!.Listen;
        services.AddSingleton(configuration);
        services.AddSystem(configuration);
        services.AddSingleton(new TrustedProxies(listen.Proxy));
        services.AddFrontDoor(configuration.Options);
        services.AddShared(configuration.Options);

        // In this order below the node's actor.
        services.AddPart<LanesModule>().AddPart<LaneWatchModule>().AddPart<ClientsModule>().AddPart<PipelineModule>().AddPart<SessionsModule>().AddPart<ShutdownModule>().AddPart<ClusterModule>().AddPart<OwnershipModule>().AddPart<RoomsModule>().AddPart<LobbyModule>().AddPart<AkkaPartsModule>();
        services.AddSingleton<RoomRuns>().AddSingleton<NodeRegions>().AddSingleton<RoomLobbies>().AddSingleton(static provider => ClientParts.AllKinds(provider.GetRequiredService<BrokerOptions>().Rooms.Kinds, provider.GetServices<AddedKinds>())).AddSingleton<ClientParts>();
        services.AddSingleton<IRoomLobby>(static provider => provider.GetRequiredService<RoomLobbies>());
        services.AddSingleton<IRoomDirectory>(static provider => provider.GetRequiredService<RoomLobbies>());
        services.AddSingleton<IUpgradeGate>(static provider => provider.GetRequiredService<PipelineModule>());
        services.AddSingleton<IConnectionPipeline>(static provider => provider.GetRequiredService<PipelineModule>());
        services.AddSingleton<ISessionGate>(static provider => provider.GetRequiredService<PipelineModule>());
        services.AddSingleton<ISessions>(static provider => provider.GetRequiredService<SessionsModule>());
        services.AddSingleton<SseEndpoint>().AddSingleton<PollEndpoint>().AddSingleton<IStartupFilter, ClientRequestsFilter>();
        services.AddSingleton<OperationsModule>().AddSingleton<ActorsModule>().AddSingleton<ListenerModule>().AddSingleton<ListenerTls>();
        services.AddSingleton<NodeHealth>().AddSingleton<PartWatch>().AddSingleton<NodeLog>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<ApplicationUsers>());
        services.AddSingleton<BrokerNode>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<BrokerNode>());
        services.AddSingleton<IBrokerUsers, BrokerUsers>().AddHostedService<RightsWatch>().AddSingleton(configuration.Options.Auth);
        services.AddSingleton<ApplicationPublishes>().AddSingleton<TopicQuestions>().AddSingleton<ServerSubscriptions>();
        services.AddSingleton<IBroker, BrokerApi>();
        return services;
    }

    /// <summary>
    /// The application's actor system, where <c>AddAkka</c> was called before; else one of the node's own. Akka.Hosting's service would end
    /// the node's own in another order, and the process with another code: the node starts and ends it.
    /// </summary>
    private static void AddSystem(this IServiceCollection services, ConfigurationResult configuration)
    {
        var application = services.LastOrDefault(static service => service.ServiceType == typeof(AkkaConfigurationBuilder));
        if (application is null)
        {
            services.AddSingleton(configuration.Options!);
            services.AddAkka(ClusterOptions.SystemName, (akka, provider) =>
            {
                AddSetups(akka, NodeSystemSetup.TryCreate(configuration, provider.GetRequiredService<TimeProvider>(), out var error) ?? throw new ConfigurationException([error!]));
                akka.AddSetup(new ActorLogSetup(provider.GetRequiredService<ILoggerFactory>()));
                akka.ConfigureLoggers(static loggers => loggers.ClearLoggers().AddLogger<ActorLog>());
            });
            services.Remove(services.Last(static service => service.ImplementationType == typeof(AkkaHostedService)));
        }
        else
        {
            services.Remove(application);
            services.AddSingleton(provider => new ApplicationSystem((AkkaConfigurationBuilder)application.ImplementationFactory!(provider), configuration, provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton(static provider => provider.GetRequiredService<ApplicationSystem>().Builder);
            services.AddSingleton(static provider => provider.GetRequiredService<ApplicationSystem>().Options);
        }

        services.AddSingleton(provider =>
        {
            if (provider.GetServices<AkkaConfigurationBuilder>().Count() > 1)
            {
                throw new ConfigurationException(["AddAkka comes after AddBroker: call AddAkka before, for the broker to add itself to that actor system"]);
            }

            return new SystemModule(
                new Lazy<ActorSystem>(provider.GetRequiredService<ActorSystem>),
                application is not null,
                provider.GetRequiredService<BrokerOptions>(),
                provider.GetRequiredService<IHostApplicationLifetime>(),
                provider.GetRequiredService<NodeLog>());
        });
    }

    private static void AddSetups(AkkaConfigurationBuilder akka, ActorSystemSetup setup)
    {
        Add<BootstrapSetup>();
        Add<LogFilterSetup>();
        Add<DotNettySslSetup>();

        void Add<T>()
            where T : Setup
        {
            if (setup.Get<T>() is { HasValue: true, Value: var value })
            {
                akka.AddSetup(value);
            }
        }
    }

    /// <summary>What the modules share.</summary>
    private static void AddShared(this IServiceCollection services, BrokerOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options.Limits).AddSingleton(options.Listen.Proxy);
        services.AddSingleton<TopicRules>().AddSingleton<Fence>().AddSingleton(static provider => provider.GetRequiredService<TokenGate>().Changes).AddSingleton<UntrustedForwarders>().AddSingleton<EchoEndpoint>();
        services.AddSingleton<IEndpoint>(static provider => provider.GetRequiredService<EchoEndpoint>());
        services.AddSingleton<WebSocketServices>();
        services.AddSingleton(provider => new ApplicationUsers(
            options.Auth,
            provider.GetService<IAuthenticationSchemeProvider>(),
            provider.GetRequiredService<IHttpContextFactory>(),
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            options.Limits.Handshakes));
        services.AddSingleton(provider => new HookCalls(
            [.. provider.GetServices<IBrokerHooks>()], options.Hooks.Timeout, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ConnectionLog>()));
        services.AddSingleton(static provider => new OpenConnections(provider.GetRequiredService<BrokerOptions>().Memory.ConnectionBytes));
        services.AddSingleton(provider =>
        {
            var time = provider.GetRequiredService<TimeProvider>();
            return new Admission(options.Limits, provider.GetRequiredService<BrokerMetrics>(), time, new MemoryGuard(options.Memory, new GcMemoryProbe(), time));
        });
        services.AddSingleton(provider =>
        {
            var time = provider.GetRequiredService<TimeProvider>();
            var validator = JwtValidator.TryCreate(options.Auth, time, provider.GetRequiredService<ILogger<JwtValidator>>(), out var tokens, out var error) ? tokens : throw new ConfigurationException([error]);
            Rights.TryCreate(options.Auth.AnonymousRights, out var anonymous, out _);
            return new TokenGate(validator, new TokenGuesses(time, provider.GetRequiredService<TrustedProxies>().Contains), anonymous!, provider.GetRequiredService<BrokerMetrics>());
        });
    }

    private static IServiceCollection AddPart<T>(this IServiceCollection services)
        where T : class, INodePart =>
        services.AddSingleton<T>().AddSingleton<INodePart>(static provider => provider.GetRequiredService<T>());
}
