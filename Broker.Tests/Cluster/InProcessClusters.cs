namespace Broker.Tests.Cluster;

/// <summary>Clusters of some sizes in the process of the tests, each started when it is first used.</summary>
/// <param name="config">HOCON of all nodes.</param>
public abstract class InProcessClusters(string config) : IAsyncDisposable
{
    /// <summary>Nodes that find each other, and leave, without waiting.</summary>
    public const string Quick = """
        akka.cluster { periodic-tasks-initial-delay = 50ms
          leader-actions-interval = 50ms }
        broker.drain.time = 0s

        """;

    private readonly Dictionary<int, List<InProcessNode>> _clusters = [];

    internal async Task<IReadOnlyList<InProcessNode>> StartAsync(int count, CancellationToken cancellation)
    {
        if (!_clusters.TryGetValue(count, out var nodes))
        {
            nodes = [await InProcessNode.StartAsync(config, cancellation)];
            _clusters.Add(count, nodes);
            nodes.AddRange(await Task.WhenAll(Enumerable.Range(1, count - 1).Select(_ => InProcessNode.StartAsync(config, cancellation, nodes[0].Seed))));
        }

        return nodes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _clusters.Values.SelectMany(static nodes => nodes))
        {
            await node.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
