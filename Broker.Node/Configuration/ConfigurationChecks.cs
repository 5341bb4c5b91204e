namespace Broker.Node.Configuration;

/// <summary>Rules that belong to other parts and are asked at start.</summary>
internal sealed record ConfigurationChecks
{
    /// <summary>What is wrong with which entry of <c>origins.allow</c>; null when nothing is.</summary>
    public required Func<IReadOnlyList<string>, string?> Origins { get; init; }

    /// <summary>Whether a text is a topic pattern.</summary>
    public required Func<string, bool> TopicPattern { get; init; }
}
