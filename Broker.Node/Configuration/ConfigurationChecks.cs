using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;
namespace Broker.Node.Configuration;

/// <summary>Rules that belong to other parts and are asked at start.</summary>
internal sealed record ConfigurationChecks
{
    /// <summary>What is wrong with which entry of <c>origins.allow</c>; null when nothing is.</summary>
    public required Func<IReadOnlyList<string>, string?> Origins { get; init; }

    /// <summary>Whether a text is a topic pattern.</summary>
    public required Func<string, bool> TopicPattern { get; init; }

    /// <summary>The tree for the actor system, of the options and of the resolved <c>akka</c> tree.</summary>
    public required Func<BrokerOptions, HoconObject?, ConfigurationErrors, HoconObject> Akka { get; init; }
}
