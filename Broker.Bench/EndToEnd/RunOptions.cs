namespace Broker.Bench.EndToEnd;

/// <summary>What <c>run</c> was asked for.</summary>
internal sealed record RunOptions
{
    /// <summary>Names; empty: all.</summary>
    public IReadOnlyList<string> Scenarios { get; init; } = [];

    /// <summary>Names; empty: those of each group.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    public int Runs { get; init; } = 3;

    /// <summary>Measured seconds of a run.</summary>
    public int Seconds { get; init; } = 4;

    /// <summary>Seconds under load before them, for programs that compile what is used much.</summary>
    public int Warmup { get; init; } = 8;

    /// <summary>More are scaled down to these: to try the machinery, not to measure.</summary>
    public int MostConnections { get; init; } = int.MaxValue;

    /// <summary>Processor of the load generator; null: any.</summary>
    public int? Processor { get; init; } = Environment.ProcessorCount - 1;

    public bool IsTrial => MostConnections < int.MaxValue;
}
