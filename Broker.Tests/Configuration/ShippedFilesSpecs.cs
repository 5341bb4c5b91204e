using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Hosting;

namespace Broker.Tests.Configuration;

public sealed class ShippedFilesSpecs
{
    private static readonly ConfigurationChecks Checks = new() { Origins = _ => null, TopicPattern = _ => true, Akka = static (options, akka, errors) => AkkaConfig.Build(options, akka, errors) };

    [Fact]
    public void Cluster_file_starts_three_nodes_from_flags()
    {
        var flags = new CommandLineOptions { Config = "built-in/cluster.conf", Port = 8080, ClusterPort = 4053, Seeds = ["127.0.0.1:4053", "127.0.0.1:4054"] };
        var result = BrokerConfiguration.Load(flags, new Dictionary<string, string>(), Checks);
        Assert.Empty(result.Errors);
        Assert.Equal(["127.0.0.1:4053", "127.0.0.1:4054"], result.Options!.Cluster.Seeds);
        Assert.True(result.Options.Auth.Anonymous);
    }

    [Fact]
    public void Production_file_as_it_is_does_not_start_and_says_what_to_set()
    {
        var errors = Load([]).Errors;
        Assert.Contains("broker.auth.keys[0].secret: no secret: set secret-file", errors[0], StringComparison.Ordinal);
        Assert.Contains(errors, error => error.Contains("broker.cluster.tls.certificate: /etc/broker/cluster/tls.crt: not found", StringComparison.Ordinal));
        Assert.Contains(errors, error => error.Contains("broker.cluster.tls.peer-name: missing", StringComparison.Ordinal));
    }

    [Fact]
    public void Production_file_with_a_key_starts_a_single_node()
    {
        var result = Load(new() { ["JWT_SECRET"] = "k3vQ0m1yXb8Zt5rW2nPq7sLd9fGhJ4cA6eUi", ["BROKER__CLUSTER__TLS__ENABLED"] = "off" });
        Assert.Empty(result.Errors);
        Assert.Equal("0.0.0.0", result.Options!.Listen.Host);
        Assert.False(result.Options.Auth.Anonymous);
        Assert.Equal(new LimitOptions(), result.Options.Limits);
        Assert.Equal(new RateOptions(), result.Options.Rate);
        Assert.False(result.Options.Page);
    }

    [Fact]
    public void Production_file_with_certificates_starts_a_member_of_a_cluster()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("pem", "-");
        var result = Load(new()
        {
            ["JWT_SECRET"] = "k3vQ0m1yXb8Zt5rW2nPq7sLd9fGhJ4cA6eUi",
            ["CLUSTER_HOST"] = "node-1.broker.internal",
            ["CLUSTER_TLS_CERTIFICATE"] = file,
            ["CLUSTER_TLS_KEY"] = file,
            ["CLUSTER_TLS_AUTHORITY"] = file,
            ["CLUSTER_TLS_PEER_NAME"] = "*.broker.internal",
            ["BROKER__CLUSTER__SEEDS__0"] = "node-1.broker.internal:4053",
            ["BROKER__CLUSTER__SEEDS__1"] = "node-2.broker.internal:4053",
        });
        Assert.Empty(result.Errors);
        Assert.Equal(2, result.Options!.Cluster.Seeds.Count);
        Assert.Equal(file, result.Options.Cluster.Tls.Key);
    }

    private static ConfigurationResult Load(Dictionary<string, string> environment) =>
        BrokerConfiguration.Load(new CommandLineOptions { Config = "built-in/production.conf" }, environment, Checks);
}
