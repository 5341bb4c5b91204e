namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.drain</c>: orderly stop.</summary>
public sealed record DrainOptions
{
    /// <summary>Time over which the closes of all connections are spread.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause between failing readiness and the first close, so that load balancers look away.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.Zero;
}
