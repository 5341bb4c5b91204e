using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>The JavaScript client is built and tested by its own tools; here they run.</summary>
[Collection(RealClients.Name)]
public sealed class JavaScriptClientSpecs : RealClientSpecs, IDisposable
{
    private readonly DirectoryInfo _built = Directory.CreateTempSubdirectory("broker-client-");

    public new void Dispose()
    {
        _built.Delete(recursive: true);
        base.Dispose();
    }

    [Fact]
    public async Task Client_that_nodes_serve_is_what_its_source_gives()
    {
        var file = await BuildAsync();

        Assert.True(
            await File.ReadAllTextAsync(file, Cancellation) == await File.ReadAllTextAsync(Path.Combine(SourceTree.Client, "broker.js"), Cancellation),
            "clients/js/broker.js is not that of its source: npm run build --prefix clients/js, and commit it.");
    }

    [Fact]
    public Task Tests_of_the_client_pass() => TestAsync("test", Cancellation);

    /// <summary>Restart, cut, half-open, expired tokens, slow reading, proxies: in Node.js and in Chromium; and ten thousand reconnections.</summary>
    [LongFact]
    public Task Client_goes_through_what_networks_and_nodes_do() =>
        TestAsync(Path.Combine("test", "real"), TestContext.Current.CancellationToken, "--expose-gc");

    private async Task TestAsync(string folder, CancellationToken cancellation, params string[] flags)
    {
        RequiredTool.Chromium();
        await BuildAsync();
        var tests = Directory.EnumerateFiles(Path.Combine(SourceTree.Client, folder), "*.test.mjs").ToList();
        Assert.NotEmpty(tests);
        string[] command = [RequiredTool.NodeWithPackages(SourceTree.Client), .. flags, "--test", "--test-reporter=spec", "--test-reporter-destination=stdout", .. tests];

        var (exitCode, output) = await ChildProcess.RunAsync(RequiredTool.Find("env"), [$"BROKER_NODE={Path.Combine(AppContext.BaseDirectory, "Broker.Node.dll")}", .. command], cancellation);

        Assert.True(exitCode == 0, output);
    }

    private async Task<string> BuildAsync()
    {
        var file = Path.Combine(_built.FullName, "broker.js");
        var (exitCode, output) = await ChildProcess.RunAsync(RequiredTool.NodeWithPackages(SourceTree.Client), [Path.Combine(SourceTree.Client, "build.mjs"), file], Cancellation);
        Assert.True(exitCode == 0, output);
        return file;
    }
}
