namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.platform</c>: what the node is told about where it runs.</summary>
public sealed record PlatformOptions
{
    /// <summary>Time the platform leaves between SIGTERM and SIGKILL; an orderly stop must fit.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(60);
}
