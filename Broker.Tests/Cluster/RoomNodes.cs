namespace Broker.Tests.Cluster;

/// <summary>Clusters of one and of three nodes with rooms, in the process of the tests; started when they are first used.</summary>
public sealed class RoomNodes : IAsyncDisposable
{
    private const string Config = """
        include "built-in/broker.conf"
        akka.cluster { periodic-tasks-initial-delay = 50ms
          leader-actions-interval = 50ms }
        broker.drain.time = 0s
        broker.limits.rooms = 200

        """;

    private readonly Dictionary<int, List<InProcessNode>> _clusters = [];

    internal async Task<IReadOnlyList<InProcessNode>> StartAsync(int count, CancellationToken cancellation)
    {
        if (!_clusters.TryGetValue(count, out var nodes))
        {
            nodes = [await InProcessNode.StartAsync(Config, cancellation)];
            _clusters.Add(count, nodes);
            nodes.AddRange(await Task.WhenAll(Enumerable.Range(1, count - 1).Select(_ => InProcessNode.StartAsync(Config, cancellation, nodes[0].Seed))));
        }

        return nodes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _clusters.Values.SelectMany(static nodes => nodes))
        {
            await node.DisposeAsync();
        }
    }
}
