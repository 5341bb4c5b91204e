using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;
using Akka.Hosting;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using ClusterOptions = Broker.Node.Configuration.Options.ClusterOptions;
using ConfigurationException = Broker.Node.Configuration.ConfigurationException;

namespace Broker.Node.Hosting;

/// <summary>
/// The actor system that an application has asked Akka.Hosting for: what the broker needs stands below what the application says,
/// and where both speak of the cluster they must not contradict each other.
/// </summary>
internal sealed class ApplicationSystem
{
    private const string Provider = "akka.actor.provider";
    private const string Tcp = "akka.remote.dot-netty.tcp.";
    private const string SeedNodes = "akka.cluster.seed-nodes";
    private const string Downing = "akka.cluster.downing-provider-class";
    private const string Strategy = "akka.cluster.split-brain-resolver.active-strategy";
    private const string FrameSize = Tcp + "maximum-frame-size";

    private readonly List<string> _errors = [];
    private readonly Config _application;
    private readonly Config _broker;

    /// <param name="builder">As the application has configured it; the broker's configuration is added.</param>
    /// <param name="configuration">The broker's.</param>
    /// <param name="time">Clock for the validity of certificates.</param>
    /// <exception cref="ConfigurationException">The two contradict each other; the message has a line for each key.</exception>
    public ApplicationSystem(AkkaConfigurationBuilder builder, ConfigurationResult configuration, TimeProvider time)
    {
        Builder = builder;
        _application = builder.Configuration.GetOrElse(Config.Empty);
        _broker = AkkaConfig.ToConfig(AkkaConfig.ForApplication(configuration.Akka!));
        Options = configuration.Options! with { Cluster = Cluster(configuration.Options!.Cluster) };
        CheckProvider();
        Compare(Downing, "broker.cluster.downing");
        Compare(Strategy, "broker.cluster.downing");
        CheckFrameSize();
        var tls = configuration.Options!.Cluster.Tls.Enabled ? LoadTls(configuration.Options!.Cluster.Tls, time) : null;
        if (_errors.Count > 0)
        {
            throw new ConfigurationException(_errors);
        }

        if (tls is not null)
        {
            builder.AddSetup(tls);
        }

        builder.WithClustering().AddHocon(_broker, HoconAddMode.Append);
        builder.WithExtensions(typeof(DistributedPubSubExtensionProvider));
    }

    public AkkaConfigurationBuilder Builder { get; }

    /// <summary>The broker's, with what the application has said of the cluster.</summary>
    public BrokerOptions Options { get; }

    private ClusterOptions Cluster(ClusterOptions own)
    {
        var none = new ClusterOptions();
        var host = Text(Tcp + "public-hostname") ?? Text(Tcp + "hostname");
        var port = Text(Tcp + "public-port") ?? Text(Tcp + "port");
        IReadOnlyList<string>? seeds = _application.HasPath(SeedNodes) ? [.. _application.GetStringList(SeedNodes).Select(static seed => Address.Parse(seed)).Select(static seed => $"{seed.Host}:{seed.Port}")] : null;
        Contradict(host is not null && own.Host != none.Host && own.Host != host, Tcp + "hostname", "broker.cluster.host");
        Contradict(port is not null && own.Port != none.Port && FormattableString.Invariant($"{own.Port}") != port, Tcp + "port", "broker.cluster.port");
        Contradict(seeds is { Count: > 0 } && own.Seeds.Count > 0 && !seeds.SequenceEqual(own.Seeds), SeedNodes, "broker.cluster.seeds");
        Contradict(own.Tls.Enabled && (_application.HasPath(Tcp + "enable-ssl") || _application.HasPath(Tcp + "ssl")), Tcp + "enable-ssl", "broker.cluster.tls");
        return own with
        {
            Host = host ?? own.Host,
            Port = port is not null && int.TryParse(port, out var number) ? number : own.Port,
            Seeds = seeds is { Count: > 0 } ? seeds : own.Seeds,
            Tls = own.Tls with { Enabled = own.Tls.Enabled || _application.GetBoolean(Tcp + "enable-ssl", false) },
        };
    }

    /// <summary>A system without remoting has nobody to form a cluster with; one that says nothing becomes a cluster system.</summary>
    private void CheckProvider()
    {
        var isOther = Builder.ActorRefProvider.HasValue
            ? Builder.ActorRefProvider.Value is not ProviderSelection.Cluster
            : Text(Provider) is { } provider && !provider.Contains("cluster", StringComparison.OrdinalIgnoreCase);
        if (isOther)
        {
            _errors.Add($"{Provider} of AddAkka: must be cluster, the broker's nodes are members of one: call WithClustering and not only WithRemoting");
        }
    }

    /// <summary>A frame over the bound is dropped with a log line and nothing else.</summary>
    private void CheckFrameSize()
    {
        if (_application.HasPath(FrameSize) && _application.GetByteSize(FrameSize) < _broker.GetByteSize(FrameSize))
        {
            _errors.Add($"{FrameSize} of AddAkka: must be at least {_broker.GetByteSize(FrameSize)}, which broker.lanes and broker.limits are checked against");
        }
    }

    private Akka.Remote.Transport.DotNetty.DotNettySslSetup? LoadTls(TlsOptions tls, TimeProvider time)
    {
        var setup = ClusterTls.TryLoad(tls, time, out var error);
        if (error is not null)
        {
            _errors.Add(error);
        }

        return setup;
    }

    private void Compare(string key, string own) => Contradict(Text(key) is { } value && value != _broker.GetString(key), key, own);

    private void Contradict(bool does, string key, string own)
    {
        if (does)
        {
            _errors.Add($"{key} of AddAkka and {own} contradict each other: set one of them");
        }
    }

    private string? Text(string key) => _application.HasPath(key) && _application.GetString(key) is { Length: > 0 } text ? text : null;
}
