using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>One node, and three, that the specs of a class share; started when they are first used. Each spec has topics of its own.</summary>
public sealed class SequencedNodes : ProcessClusterSpecs
{
    public const string Topics = """
        broker.topics = [
          { match = "doc.>", delivery = sequenced, keep = latest, presence = on, history { size = 100 } }
          { match = "log.>", delivery = sequenced, presence = on, sender = on, history { size = 100 } }
          { match = "plain.>", delivery = sequenced }
        ]
        """;

    private readonly Dictionary<int, NodeProcess[]> _nodes = [];

    public SequencedNodes() => Configure(Topics);

    internal async Task<NodeProcess[]> OfAsync(int count)
    {
        if (!_nodes.TryGetValue(count, out var nodes))
        {
            nodes = count == 1 ? [await StartAsync(null)] : await StartThreeAsync();
            _nodes.Add(count, nodes);
        }

        return nodes;
    }
}
