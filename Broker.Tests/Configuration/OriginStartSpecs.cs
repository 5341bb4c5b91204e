using Broker.Node;
using Broker.Node.Configuration;
using Broker.Tests.Support;

namespace Broker.Tests.Configuration;

/// <summary>Entries of <c>broker.origins.allow</c> that are no origins stop the start, as the node itself judges them.</summary>
public sealed class OriginStartSpecs
{
    [Theory]
    [InlineData("*")]
    [InlineData("https://*")]
    [InlineData("*.example.com")]
    [InlineData("example.com")]
    [InlineData("//example.com")]
    [InlineData("https://example.com/")]
    [InlineData("https://example.com/path")]
    [InlineData("https://example.com?x")]
    [InlineData("https://example.com#x")]
    [InlineData("https://user@example.com")]
    [InlineData("https://*.*.example.com")]
    [InlineData("https://a.*.com")]
    [InlineData("https://example.com:99999")]
    [InlineData("https://example.com, https://other.example")]
    [InlineData("")]
    public void Entry_that_is_no_origin_is_named_with_its_place(string entry)
    {
        var result = Load(entry);
        var error = Assert.Single(result.Errors);
        Assert.Null(result.Options);
        Assert.StartsWith("node.conf:2: broker.origins.allow: ", error, StringComparison.Ordinal);
        Assert.Contains(entry, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.com")]
    [InlineData("https://*.example.com")]
    [InlineData("http://localhost:*")]
    [InlineData("null")]
    public void Entry_that_is_an_origin_lets_the_node_start(string entry) => Assert.Empty(Load(entry).Errors);

    [Fact]
    public async Task Program_ends_with_2_and_says_where()
    {
        using var files = new TemporaryDirectory();
        var config = files.Write("bad.conf", "include \"built-in/broker.conf\"\nbroker.origins.allow = [\"https://app.example.com/path\"]\n");
        var (exitCode, output) = await NodeProcess.RunAsync(["--config", config], TestContext.Current.CancellationToken);
        Assert.Equal(2, exitCode);
        Assert.Contains("bad.conf:2: broker.origins.allow: ", output, StringComparison.Ordinal);
        Assert.Contains("https://app.example.com/path", output, StringComparison.Ordinal);
    }

    private static ConfigurationResult Load(string entry) => BrokerConfiguration.Load(
        new CommandLineOptions { Config = "node.conf" },
        new Dictionary<string, string>(),
        BrokerBuilderExtensions.Rules,
        _ => $"include \"built-in/broker.conf\"\nbroker.origins.allow = [\"{entry}\"]\n");
}
