namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.rate</c>: token buckets.</summary>
public sealed record RateOptions
{
    public RateScope Per { get; init; } = RateScope.Connection;

    /// <summary>Messages a second.</summary>
    public int Messages { get; init; } = 60;
    public int Burst { get; init; } = 120;

    /// <summary><c>auth</c>, <c>subscribe</c> and <c>unsubscribe</c> a second.</summary>
    public int Control { get; init; } = 60;
    public int ControlBurst { get; init; } = 128;
}

/// <summary><c>broker.rate.per</c>: who shares one bucket.</summary>
public enum RateScope
{
    Connection,
    User,
}
