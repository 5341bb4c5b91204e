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
    public async Task Tests_of_the_client_pass()
    {
        await BuildAsync();
        var tests = Directory.EnumerateFiles(Path.Combine(SourceTree.Client, "test"), "*.test.mjs").ToList();
        Assert.NotEmpty(tests);

        var (exitCode, output) = await ChildProcess.RunAsync(RequiredTool.NodeWithPackages(SourceTree.Client), ["--test", "--test-reporter=dot", "--test-reporter-destination=stdout", .. tests], Cancellation);

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
