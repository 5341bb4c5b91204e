using Broker.Fuzz.Engine;

namespace Broker.Fuzz.Campaign;

/// <summary>Chooses from a corpus few short inputs that together reach every edge the corpus reaches.</summary>
internal static class EdgeCover
{
    public static IReadOnlyList<byte[]> Select(FuzzTarget target, CoverageMap map, IEnumerable<byte[]> inputs)
    {
        var reached = new HashSet<int>();
        var chosen = new List<byte[]>();

        // Shortest first and each for what is still missing: not the smallest choice, but a readable one.
        foreach (var input in inputs.OrderBy(input => input.Length))
        {
            map.Clear();
            target.Run(input);
            var before = reached.Count;
            foreach (var (edge, _) in map.LastRun())
            {
                reached.Add(edge);
            }

            if (reached.Count > before)
            {
                chosen.Add(input);
            }
        }

        return chosen;
    }
}
