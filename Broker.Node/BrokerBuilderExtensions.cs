using Broker.Node.Configuration;
using Broker.Node.Hosting;
using Broker.Node.Topics;
using Broker.Protocol.Handshake;
using Broker.Rooms;

namespace Broker.Node;

/// <summary>Puts a broker node into an ASP.NET Core application.</summary>
public static class BrokerBuilderExtensions
{
    /// <summary>What the parts of a node ask of its configuration.</summary>
    internal static readonly ConfigurationChecks Rules = new()
    {
        Origins = static allow => OriginPolicy.TryCreate(allow, out _, out var error) ? null : error,
        TopicPattern = static text => TopicPattern.TryParse(text, out _),
        Akka = static (options, akka, errors) => AkkaConfig.Build(options, akka, errors),
    };

    /// <summary>
    /// Adds a node whose public port serves both WebSocket clients and this application: upgrades on
    /// <c>broker.listen.paths</c> are the broker's, everything else is the application's. <see cref="IBroker"/> is then
    /// among the services. Configuration comes from the embedded defaults, a file, the section <c>Broker</c> of the application's own
    /// configuration as it is at this call, and <c>BROKER__…</c> variables; the application's own urls are not used. A file or a section that sets
    /// anything of <c>broker.auth</c> lets in nobody whom it does not name. Where the application has called <c>AddAkka</c> of Akka.Hosting
    /// before, the node runs in that actor system, and else in one of its own.
    /// </summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="configFile">A HOCON file; null: none.</param>
    /// <exception cref="ConfigurationException">The configuration has errors; the message has a line for each; thrown at the start of the host where
    /// <c>AddAkka</c> contradicts it.</exception>
    public static WebApplicationBuilder AddBroker(this WebApplicationBuilder builder, string? configFile = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddBroker(new CommandLineOptions { Config = configFile }, builder.Configuration);
    }

    /// <summary>Adds kinds of rooms that the node runs, beside the built-in ones.</summary>
    /// <param name="services">The application's.</param>
    /// <param name="add">Called once, at the start; what it throws stops the start.</param>
    public static IServiceCollection AddBrokerRooms(this IServiceCollection services, Action<RoomKinds> add)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(add);
        return services.AddSingleton(new AddedKinds(add));
    }

    /// <param name="builder">The application's builder.</param>
    /// <param name="flags">Stand over everything else.</param>
    /// <param name="host">The application's configuration; null: the program's, which has flags for what differs.</param>
    internal static WebApplicationBuilder AddBroker(this WebApplicationBuilder builder, CommandLineOptions flags, IConfigurationRoot? host = null)
    {
        var configuration = BrokerConfiguration.Load(flags, ProcessEnvironment.Variables(), Rules, host: host);
        return configuration.Options is null
            ? throw new ConfigurationException(configuration.Errors)
            : builder.AddBroker(configuration);
    }

    internal static WebApplicationBuilder AddBroker(this WebApplicationBuilder builder, ConfigurationResult configuration)
    {
        builder.Services.AddBroker(configuration);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = configuration.Options!.Platform.GracePeriod);
        return builder;
    }
}
