namespace Broker.Fuzz.Engine;

/// <summary>When a run of one target ends, and what it starts from.</summary>
internal sealed record FuzzSettings
{
    /// <summary>Ends after this time; the last check may be some milliseconds late.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Ends after as many runs.</summary>
    public long Executions { get; init; } = long.MaxValue;

    /// <summary>Ends with as many kinds of finds.</summary>
    public int Finds { get; init; } = 10;

    /// <summary>Of the random source; the same seed, inputs and build try the same inputs.</summary>
    public int Seed { get; init; }

    /// <summary>Off: coverage is counted, but does not steer. To see what it is worth.</summary>
    public bool Feedback { get; init; } = true;
}
