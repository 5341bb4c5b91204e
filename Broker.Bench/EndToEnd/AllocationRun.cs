using System.Globalization;
using Broker.Node;
using Broker.Node.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Bench.EndToEnd;

/// <summary>
/// What the node allocates under load: bytes of the managed heap for a publish, at different numbers of subscribers. Whatever a
/// delivery took would grow with them. The node is in this process, where the runtime counts exactly; the clients are not.
/// </summary>
/// <param name="bench">Where the load generator is.</param>
/// <param name="seconds">Counted, after <paramref name="warmup"/> seconds under load.</param>
/// <param name="warmup">Compiling what is used takes about 8.</param>
/// <param name="output">Gets the table.</param>
internal sealed class AllocationRun(Workbench bench, int seconds, int warmup, TextWriter output)
{
    /// <summary>Bytes for each delivery that counting them over a time of this length cannot tell from none.</summary>
    private const double Uncertainty = 0.5;

    /// <param name="subscribers">One load for each, few first.</param>
    /// <param name="cancellation">Ends what was started and throws.</param>
    /// <returns>The exit code: 0 if a delivery takes nothing, and no generation 2 was collected.</returns>
    /// <exception cref="BenchException">A load failed.</exception>
    public async Task<int> ExecuteAsync(int[] subscribers, CancellationToken cancellation)
    {
        var ports = new PortRange();
        var flags = new CommandLineOptions { Config = Path.Combine(bench.Source, "broker.conf"), Port = ports.Next(), OpsPort = ports.Next(), ClusterPort = ports.Next() };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.AddBroker(flags);
        await using var node = builder.Build();
        await node.StartAsync(cancellation);
        await node.Services.GetRequiredService<IBroker>().Ready.WaitAsync(cancellation);
        await output.WriteLineAsync("| subscribers | bytes a publish | publishes | deliveries | collections of generation 0, 1, 2 |\n|---|---|---|---|---|");
        var rows = new List<Row>();
        foreach (var count in subscribers)
        {
            var row = await MeasureAsync(count, string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{flags.Port}/ws"), cancellation);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Subscribers:#,0} | {row.Bytes / row.Publishes:0} | {row.Publishes:#,0} | {row.Deliveries:#,0} | {row.Collections[0]}, {row.Collections[1]}, {row.Collections[2]} |"));
            rows.Add(row);
        }

        await node.StopAsync(cancellation);
        var each = ((rows[^1].Bytes / rows[^1].Publishes) - (rows[0].Bytes / rows[0].Publishes)) / (rows[^1].Subscribers - rows[0].Subscribers);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"a delivery more: {each:0.000} bytes"));
        return each < Uncertainty && rows.TrueForAll(static row => row.Collections[2] == 0) ? 0 : 1;
    }

    private async Task<Row> MeasureAsync(int subscribers, string url, CancellationToken cancellation)
    {
        // A second more than is counted: what comes after the load is not part of it.
        var load = new Load(subscribers).Arguments(seconds + 1, warmup);
        await using var child = ChildProgram.Start(bench.WsLoad, ["--name", "allocation", "--url", url, .. BrokerPeer.Json().Dialect, .. load], "measuring");
        await child.WaitUntilReadyAsync(TimeSpan.FromSeconds(warmup + 60), cancellation);

        // What opening the connections left is no part of it.
        GC.Collect();
        var (bytes, collections) = (GC.GetTotalAllocatedBytes(precise: true), Collections());
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation);
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        collections = [.. Collections().Zip(collections, static (after, before) => after - before)];
        await child.EndAsync(cancellation);
        var result = LoadGenerator.Check(child.Output);
        return new Row(subscribers, bytes, result.PublishesPerS!.Value * seconds, result.DeliveriesPerS!.Value * seconds, collections);
    }

    private static int[] Collections() => [.. Enumerable.Range(0, 3).Select(GC.CollectionCount)];

    private sealed record Row(int Subscribers, double Bytes, double Publishes, double Deliveries, int[] Collections);
}
