namespace Broker.Bench.EndToEnd;

/// <summary>One run of one scenario with one peer.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Peer">Its name.</param>
/// <param name="Run">From 1.</param>
/// <param name="Result">Null where it failed.</param>
/// <param name="Error">Why.</param>
internal sealed record Measurement(string Scenario, string Peer, int Run, LoadResult? Result, string? Error)
{
    private const int LongestReason = 300;

    /// <summary>The error in one line that is not too long for a table.</summary>
    public string? Reason => Error is null ? null : string.Concat(Error.ReplaceLineEndings(" ").Take(LongestReason));
}
