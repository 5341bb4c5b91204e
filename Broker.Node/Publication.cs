namespace Broker.Node;

/// <summary>What <see cref="IBroker"/> is to publish: to a topic, or to a user.</summary>
public sealed record Publication
{
    /// <summary>A topic name; null where a user is meant.</summary>
    public string? Topic { get; init; }

    /// <summary>A user's id, 1-255 bytes of UTF-8: all connections of this user get it on <c>$user</c>; null where a topic is meant.</summary>
    public string? User { get; init; }

    /// <summary>One JSON value, UTF-8, at most <c>broker.limits.api-message</c> bytes; may be reused when the task has completed. Of a removal none.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>
    /// Of a sequenced topic, 1-64 bytes of UTF-8: under the same key the same is published once in five minutes, whichever node is asked.
    /// Keys of the server API are apart from those of users. Null: none.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>Of a topic that keeps the latest, 1-255 bytes of UTF-8: the entry that it is about; null: the one without a name.</summary>
    public string? Entry { get; init; }

    /// <summary>Of a topic that keeps the latest: takes the entry away.</summary>
    public bool Remove { get; init; }

    /// <summary>Of a topic that keeps the latest: where the entry must be now, with offset 0: that there is none; null: anything.</summary>
    public Position? If { get; init; }
}
