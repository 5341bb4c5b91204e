using Broker.Bench.EndToEnd;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Bench;

/// <summary>The machinery end to end, at a size that measures nothing: it must not rot between the days it is used.</summary>
[Collection(NodeProcesses.Name)]
public sealed class RunnerSpecs : IDisposable
{
    private readonly string _output = Directory.CreateTempSubdirectory("broker-bench-specs-").FullName;

    private CancellationToken Cancel { get; } = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("broker", new[] { "F16", "XL" }, new[] { 20, 2 })]
    [InlineData("broker-batch", new[] { "BATCHTOPICS" }, new[] { 20 })]
    [InlineData("broker-sse", new[] { "F16HTTP" }, new[] { 20 })]
    [InlineData("broker-poll", new[] { "P2HTTP" }, new[] { 20 })]
    [InlineData("broker", new[] { "SMALLHUGE", "SMALLAPART" }, new[] { 20, 20 })]
    public async Task The_broker_is_measured_alone(string peer, string[] scenarios, int[] connections)
    {
        RequiredTool.Find("taskset");
        var bench = await PrepareAsync();
        var options = new RunOptions { Scenarios = scenarios, Peers = [peer], Runs = 1, Seconds = 1, Warmup = 1, MostConnections = 20 };
        var runner = new Runner(bench, options, TextWriter.Null);

        await runner.RunAsync([.. Peers.All.Where(one => one.Name == peer)], Cancel);

        Assert.All(runner.Measurements, measurement => Assert.Null(measurement.Error));
        Assert.Equal(scenarios, runner.Measurements.Select(measurement => measurement.Scenario));
        Assert.Equal(connections, runner.Measurements.Select(measurement => measurement.Result!.Connections));
        Assert.All(runner.Measurements, measurement => Assert.True(measurement.Result is { DeliveriesPerS: > 0, FramesPerS: > 0 }));
    }

    /// <summary>The figures are those of a test process with much else in it; that there are some is what is seen.</summary>
    [Fact]
    public async Task Allocation_is_counted_for_each_number_of_subscribers()
    {
        var output = new StringWriter();

        await new AllocationRun(await PrepareAsync(), seconds: 1, warmup: 1, output).ExecuteAsync([2, 20], Cancel);

        Assert.Matches(@"\| 2 \| \d+ \| [\d,]+ \| [\d,]+ \| \d+, \d+, \d+ \|\n\| 20 \| \d+ \| .*\na delivery more: -?\d+\.\d{3} bytes\n", output.ToString());
    }

    [Fact]
    public async Task A_peer_that_does_not_start_is_reported_and_keeps_no_other_from_being_measured()
    {
        var bench = new Workbench(_output, _output) { BrokerDll = Path.Combine(_output, "missing.dll") };
        var options = new RunOptions { Scenarios = ["F1"], Peers = ["broker"], Runs = 2 };
        var runner = new Runner(bench, options, TextWriter.Null);

        await runner.RunAsync([.. Peers.All.Where(peer => peer.Name == "broker")], Cancel);

        Assert.Equal([1, 2], runner.Measurements.Select(measurement => measurement.Run));
        Assert.All(runner.Measurements, measurement => Assert.Contains("missing.dll", measurement.Error!, StringComparison.Ordinal));
    }

    private async Task<Workbench> PrepareAsync()
    {
        RequiredTool.Find("g++");
        Assert.SkipUnless(File.Exists("/usr/include/openssl/ssl.h") && File.Exists("/usr/include/zlib.h"), "libssl-dev and zlib1g-dev are not installed.");
        var bench = new Workbench(Path.Combine(SourceTree.Root, "Broker.Bench"), _output) { BrokerDll = Path.Combine(AppContext.BaseDirectory, "Broker.Node.dll") };
        await Preparation.CompileLoadGeneratorAsync(bench, Cancel);
        return bench;
    }

    public void Dispose() => Directory.Delete(_output, recursive: true);
}
