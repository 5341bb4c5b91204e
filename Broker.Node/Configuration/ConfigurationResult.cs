using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>What a start is configured to do, or why it must not start.</summary>
internal sealed record ConfigurationResult
{
    /// <summary>Null when there are errors.</summary>
    public BrokerOptions? Options { get; init; }

    /// <summary>The whole tree for the actor system, ready for <c>AkkaConfig.ToConfig</c>; null when there are errors.</summary>
    public HoconObject? Akka { get; init; }

    /// <summary>One line each.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Lines an operator should see at start.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
