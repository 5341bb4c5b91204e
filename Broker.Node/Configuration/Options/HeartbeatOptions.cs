namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.heartbeat</c>.</summary>
public sealed record HeartbeatOptions
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Silence accepted after a ping.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(8);
}
