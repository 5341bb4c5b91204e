namespace Broker.Node;

/// <summary>Outcome of a publish through <see cref="IBroker"/>.</summary>
public enum PublishResult
{
    /// <summary>Appended on this node; every subscriber connected since gets it or is told of a gap.</summary>
    Published,

    /// <summary>The node is not ready, stops or cannot reach enough others, or tens of thousands of publishes wait already; nothing was done.</summary>
    Unavailable,

    /// <summary>The node lost touch with the others while it published: it may have been published or not.</summary>
    Timeout,

    /// <summary>The topic has as many kept entries or keys as it may have, or the cluster as many topics.</summary>
    LimitExceeded,

    /// <summary>Other data was published under the same key, or the kept entry is not what it had to be.</summary>
    Conflict,

    /// <summary>Not a topic name, or a reserved one; or not a user's id.</summary>
    InvalidTopic,

    /// <summary>Not one JSON value as the protocol allows it, or a key or an entry too short or too long.</summary>
    InvalidData,

    /// <summary>Larger than the API or the topic takes, or with more tags than are sanitised.</summary>
    TooLarge,

    /// <summary>It asks for what the topic has not: a key where there is no order, an entry where not the latest is kept, or a user where users have no topic.</summary>
    Unsupported,
}
