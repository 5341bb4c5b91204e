namespace Broker.Node;

/// <summary>Outcome of a question to <see cref="IBroker"/> about a topic.</summary>
public enum QueryResult
{
    /// <summary>It is answered.</summary>
    Ok,

    /// <summary>The node is not ready, stops or cannot reach who knows, or thousands of questions wait already.</summary>
    Unavailable,

    /// <summary>Not a topic name, or a reserved one.</summary>
    InvalidTopic,

    /// <summary>The topic has no history, or no presence.</summary>
    Unsupported,

    /// <summary>The position to begin at is of another epoch, or the topic has not come there.</summary>
    StalePosition,

    /// <summary>The cluster has as many sequenced topics as it may have.</summary>
    LimitExceeded,
}
