using System.Globalization;

namespace Broker.Fuzz.Engine;

/// <summary>What a run of one target came to.</summary>
/// <param name="Target">Its name.</param>
/// <param name="Seed">Of the random source.</param>
/// <param name="Executions">Inputs tried.</param>
/// <param name="Seconds">Time it took.</param>
/// <param name="SeedEdges">Edges that the inputs it started from reach.</param>
/// <param name="Edges">Edges reached in the end.</param>
/// <param name="Corpus">Inputs that each brought something new.</param>
/// <param name="Finds">What went wrong, one of each kind.</param>
internal sealed record FuzzReport(
    string Target, int Seed, long Executions, double Seconds, int SeedEdges, int Edges, int Corpus, IReadOnlyList<FuzzFind> Finds)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Target,-16} {Executions,12:N0} executions in {Seconds,7:F1} s ({Executions / Math.Max(Seconds, 0.001),9:N0}/s), {Edges,5} edges ({SeedEdges} from seeds), corpus {Corpus,4}, finds {Finds.Count}, seed {Seed}");
}
