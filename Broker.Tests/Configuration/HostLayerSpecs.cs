using Broker.Node;
using Broker.Node.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;

namespace Broker.Tests.Configuration;

/// <summary>The section <c>Broker</c> of an application's own configuration.</summary>
public sealed class HostLayerSpecs
{
    private const string Prefix = "HOSTLAYERSPECS_";

    [Fact]
    public void Section_stands_over_the_file_and_under_the_environment_and_flags()
    {
        var options = Load(
            """{ "Broker": { "Listen": { "Port": 2 }, "Ops": { "Port": 2 }, "Cluster": { "Port": 2 } } }""",
            environment: new() { ["BROKER__OPS__PORT"] = "3", ["BROKER__CLUSTER__PORT"] = "3" },
            flags: new CommandLineOptions { ClusterPort = 4 },
            file: "include \"built-in/broker.conf\"\nbroker { listen.port = 1, ops.port = 1, cluster.port = 1, lanes.count = 1 }").Options!;
        Assert.Equal((2, 3, 4, 1), (options.Listen.Port, options.Ops.Port, options.Cluster.Port, options.Lanes.Count));
    }

    [Theory]
    [InlineData("max-life")]
    [InlineData("MaxLife")]
    [InlineData("Max-Life")]
    [InlineData("MAX-LIFE")]
    public void Names_are_those_of_the_files_in_any_case(string name) =>
        Assert.Equal(TimeSpan.FromHours(2), Load($$"""{ "broker": { "AUTH": { "{{name}}": "2h", "anonymous": true } } }""").Options!.Auth.MaxLife);

    [Fact]
    public void Values_of_JSON_mean_what_they_say()
    {
        var options = Load(
            """
            {
              "Broker": {
                "Greeting": null,
                "Auth": { "QueryToken": true, "Anonymous": true, "Keys": [] },
                "Origins": { "Allow": [] },
                "Memory": { "Logs": "2m", "Connections": null },
                "Limits": {},
                "Topics": [ { "Match": "a", "MaxSize": 5, "Sender": true }, { "match": "b", "max-size": "1k", "sender": false } ]
              }
            }
            """).Options!;
        Assert.Null(options.Greeting);
        Assert.True(options.Auth is { QueryToken: true, Anonymous: true });
        Assert.Empty(options.Origins.Allow);
        Assert.Equal(2 << 20, options.Memory.Logs);
        Assert.Null(options.Memory.Connections);
        Assert.Equal(256, options.Limits.ConnectionsPerAddress);
        Assert.Equal([("a", 5, true), ("b", 1024, false)], options.Topics.Select(static topic => (topic.Match, topic.MaxSize, topic.Sender)));
    }

    [Fact]
    public void Later_source_of_the_host_wins_item_by_item()
    {
        var host = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Broker:Auth:MaxLife", "1h"), new("Broker:Auth:Anonymous", "true"), new("Broker:Origins:Allow:0", "https://a.example"), new("Broker:Origins:Allow:1", "https://b.example")])
            .AddInMemoryCollection([new("broker:auth:max-life", "2h"), new("broker:origins:allow:1", "https://c.example")])
            .Build();
        var options = Load(new ConfigurationBuilder().AddConfiguration(host).Build()).Options!;
        Assert.Equal(TimeSpan.FromHours(2), options.Auth.MaxLife);
        Assert.Equal(["https://a.example", "https://c.example"], options.Origins.Allow);
    }

    [Fact]
    public void Variables_of_the_process_are_not_read_a_second_time()
    {
        // As DOTNET_ and ASPNETCORE_ are in a host; .NET calls the key Broker:LIMITS:CONNECTIONS_PER_ADDRESS, which is none.
        Environment.SetEnvironmentVariable(Prefix + "BROKER__LIMITS__CONNECTIONS_PER_ADDRESS", "7");
        var host = new ConfigurationBuilder().AddEnvironmentVariables(Prefix).Build();
        Assert.Equal("7", host["Broker:Limits:Connections_Per_Address"]);
        Assert.Equal(1000000, Load(host).Options!.Limits.ConnectionsPerAddress);
    }

    [Theory]
    [InlineData("""{ "Listen": { "Prot": 1 } }""", "appsettings.json, section Broker:Listen:Prot: broker.listen.prot: unknown key, did you mean broker.listen.port?")]
    [InlineData("""{ "Listen": { "Port": 70000 } }""", "appsettings.json, section Broker:Listen:Port: broker.listen.port: 70000: a whole number 0 to 65535")]
    [InlineData("""{ "Listen": "x" }""", "appsettings.json, section Broker:Listen: broker.listen: x: an object { … }")]
    [InlineData("""{ "Auth": { "Keys": [ { "Algorithm": "HS256", "Secret": "short" } ] } }""", "appsettings.json, section Broker:Auth:Keys:0:Secret: broker.auth.keys[0].secret: ")]
    [InlineData("""{ "Listen": { "Port": null } }""", "appsettings.json, section Broker:Listen:Port: broker.listen.port: null: a whole number 0 to 65535")]
    [InlineData("\"x\"", "appsettings.json, section Broker: broker: x: an object { … }")]
    [InlineData("[1]", "appsettings.json, section Broker: broker: an array: an object { … }")]
    public void Fault_is_told_with_its_source(string section, string expected) =>
        Assert.StartsWith(expected, Load($$"""{ "Broker": {{section}} }""").Errors[0], StringComparison.Ordinal);

    [Theory]
    [InlineData("{ 'auth': { 'Keys': [ { 'Algorithm': 'HS256', 'Secret': 'k3vQ0m1yXb8Zt5rW2nPq7sLd9fGhJ4cA6eUi' } ] } }", null)]
    [InlineData("{ 'Auth': { 'Application': { 'Enabled': true } } }", null)]
    [InlineData("{ 'Auth': { 'Application': { 'Enabled': true } } }", "broker.listen.port = 1")]
    public void Section_that_says_who_may_connect_is_closed_where_it_says_nothing(string section, string? file)
    {
        var result = Load($$"""{ "Broker": {{section.Replace('\'', '"')}} }""", file: file);
        Assert.Empty(result.Errors);
        Assert.False(result.Options!.Auth.Anonymous);
        Assert.Empty(result.Options.Auth.AnonymousRights.Publish);
        Assert.Empty(result.Options.Origins.Allow);
        Assert.Equal(256, result.Options.Limits.ConnectionsPerAddress);
    }

    [Theory]
    [InlineData("{ 'Auth': { 'MaxLife': '1h' } }")]
    [InlineData("{ 'Auth': { 'Keys': [] } }")]
    public void Section_after_which_nobody_could_connect_stops_the_start(string section) =>
        Assert.Contains("broker.auth.keys: no key, and anonymous = off: nobody could connect", Load($$"""{ "Broker": {{section.Replace('\'', '"')}} }""").Errors[0], StringComparison.Ordinal);

    [Fact]
    public void Section_that_says_nothing_of_auth_leaves_the_node_open()
    {
        var options = Load("""{ "Broker": { "Listen": { "Port": 9000 } } }""").Options!;
        Assert.True(options.Auth.Anonymous);
        Assert.Equal([">"], options.Auth.AnonymousRights.Publish);
    }

    [Fact]
    public void Application_that_adds_the_broker_gives_it_its_configuration()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["Broker:Listen:Prot"] = "1";
        var error = Assert.Throws<ConfigurationException>(() => builder.AddBroker());
        Assert.Equal(["MemoryConfigurationProvider, section Broker:Listen:Prot: broker.listen.prot: unknown key, did you mean broker.listen.port?"], error.Errors);
    }

    private static ConfigurationResult Load(string json, Dictionary<string, string>? environment = null, CommandLineOptions? flags = null, string? file = null)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("appsettings.json", json);
        using var files = new PhysicalFileProvider(directory.Path);
        var host = new ConfigurationBuilder().SetFileProvider(files).AddJsonFile("appsettings.json").Build();
        return Load(host, environment, flags, file);
    }

    private static ConfigurationResult Load(IConfigurationRoot host, Dictionary<string, string>? environment = null, CommandLineOptions? flags = null, string? file = null) =>
        BrokerConfiguration.Load(
            (flags ?? new CommandLineOptions()) with { Config = file is null ? null : "node.conf" },
            environment ?? [],
            BrokerBuilderExtensions.Rules,
            _ => file,
            host);
}
