using System.Diagnostics;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>
/// An actor of Akka's ends that a node cannot do without, while clients publish to sequenced topics and listen. The part comes back, or
/// the node ends and the others go on: no node stays a member that does not do its part.
/// </summary>
public sealed class InternalsSpecs : ProcessClusterSpecs
{
    private const string Mediator = "/system/distributedPubSubMediator";
    private const string Coordinator = "/system/sharding/partitionsCoordinator";

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private static readonly string[] Topics = [.. Enumerable.Range(1, 12).Select(static i => $"seq.i{i}")];

    public InternalsSpecs() => Configure(RecordedRun.Settings);

    [Fact]
    public async Task Node_without_its_mediator_ends()
    {
        var node = await StartAsync(null);
        await Owned(new Stranger()).KillAsync(node, Mediator, Cancellation);
        Assert.Equal(1, await EndedAsync(node, Mediator));
        Assert.Contains(" ends", node.Output, StringComparison.Ordinal);
    }

    [LongFact]
    public Task Node_without_a_part_of_the_cluster_ends_or_has_it_again() => RunAsync(
        ("n2", Mediator, true),
        ("n3", "/system/sharding/partitions", true),
        ("n3", "/system/sharding/replicator", false),
        ("n3", Coordinator, true),
        ("n3", "/system/sharding", true),
        ("n2", "/system/cluster", true),
        ("n2", "/system/cluster/core/daemon/heartbeatSender", true),
        ("n2", "/user/broker", true),
        ("n1", "/system/sharding/replicator", false),
        ("n1", $"{Coordinator}/singleton/coordinator", false),
        ("n1", $"{Coordinator}/singleton", true),
        ("n1", Mediator, true));

    /// <param name="parts">On which node which actor ends, and whether the node ends by it.</param>
    private async Task RunAsync(params (string Node, string Path, bool Ends)[] parts)
    {
        var nodes = await StartThreeAsync();
        var run = Owned(new RecordedRun(Topics, StartAgainAsync, 1, Cancellation));
        var stranger = Owned(new Stranger());
        run.Begin(nodes);
        await run.LoadAsync(publishers: 3, burst: 1, subscribers: 4);
        foreach (var (node, path, ends) in parts)
        {
            await run.PassAsync(1);
            run.Befalls("part", node);
            await stranger.KillAsync(run.Node(node), path, Cancellation);
            var killed = Stopwatch.GetTimestamp();
            if (ends)
            {
                Assert.Equal(1, await EndedAsync(run.Node(node), path));
                Assert.Contains(" ends", run.Node(node).Output, StringComparison.Ordinal);
                Report($"{node} without {path} ended after {Stopwatch.GetElapsedTime(killed).TotalSeconds:F1} s");
                run.CountEnded();
                await run.AcknowledgedAsync();
                await run.StartAgainAsync(node);
            }
            else
            {
                await run.AcknowledgedAsync();
                await run.PassAsync(Bound.TotalSeconds / 3);
                await run.AcknowledgedAsync();
                Assert.Empty(run.CountEnded());
                Assert.Null(await run.Node(node).ReasonAsync(Cancellation));
            }
        }

        await run.EndAsync();
        Report($"{RunFigures.Of(run.Recorder.Events)}");
        run.Check("internals");
    }

    private async Task<int> EndedAsync(NodeProcess node, string path)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        bound.CancelAfter(Bound);
        try
        {
            return await node.Ended.WaitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"A node without {path} goes on, and says that it is ready: {await node.ReasonAsync(Cancellation) ?? "yes"}\n{node.Output}");
        }
    }
}
