namespace Broker.Node.Api;

/// <summary>What the health endpoints say. Thread-safe, does not block.</summary>
internal interface INodeHealth
{
    /// <summary>True for good once the node has served for the first time.</summary>
    bool Started { get; }

    /// <summary>The node wants traffic now.</summary>
    bool Ready { get; }

    /// <summary>Why it is not started or not ready, for people; null when it is.</summary>
    string? Reason { get; }
}
