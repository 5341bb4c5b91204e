using System.Text.Json;

namespace Broker.Node;

/// <summary>What comes to a subscription of the server's own, or lies in a topic's history.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Topic">Where; of <see cref="BrokerMessageKind.Subscribed"/> and a gap of a pattern that pattern.</param>
public sealed record BrokerMessage(BrokerMessageKind Kind, string Topic)
{
    /// <summary>The pattern that was subscribed to; null: the topic itself was.</summary>
    public string? Pattern { get; init; }

    /// <summary>Of a message: one JSON value, UTF-8; of a removal none.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The publisher sent bytes in MessagePack: the data is a JSON string of them in base64.</summary>
    public bool IsBase64 { get; init; }

    /// <summary>Of a sequenced topic: the message's own offset; of the others where the topic is.</summary>
    public long? Offset { get; init; }

    /// <summary>Where a subscription that has seen this goes on (<see cref="SubscribeOptions.Recover"/>); null where there is no order, and in pushes of a pattern.</summary>
    public Position? Position { get; init; }

    /// <summary>Of a topic that keeps the latest: the entry that it is about; null: the one without a name.</summary>
    public string? Entry { get; init; }

    /// <summary>The entry is there no more.</summary>
    public bool Removed { get; init; }

    /// <summary>Who published it, where the topic shows its senders; null: nobody is told, or the application.</summary>
    public MessageSender? From { get; init; }

    /// <summary>When it was published, where the topic shows it.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Of <see cref="BrokerMessageKind.Subscribed"/>: whether what was missed follows, all of it; null: it was not asked for.</summary>
    public bool? Recovered { get; init; }

    /// <summary>Of <see cref="BrokerMessageKind.Subscribed"/> to a topic that keeps the latest: so many entries follow, and whatever else is held of the topic is gone; null: only what has changed follows.</summary>
    public int? Snapshot { get; init; }

    /// <summary>Of <see cref="BrokerMessageKind.Subscribed"/> and <see cref="BrokerMessageKind.Presence"/>: counts, and of the first some members.</summary>
    public PresencePage? Presence { get; init; }

    /// <summary>Who came or went.</summary>
    public IReadOnlyList<PresenceUser> Members { get; init; } = [];

    /// <summary>The data as a value.</summary>
    /// <exception cref="JsonException">It is none of this type.</exception>
    public T? Get<T>(JsonSerializerOptions? options = null) => JsonSerializer.Deserialize<T>(Data.Span, options);
}

/// <summary>What a <see cref="BrokerMessage"/> is.</summary>
public enum BrokerMessageKind
{
    /// <summary>The first of all: every publish that is acknowledged after it comes, or its loss is told.</summary>
    Subscribed,

    /// <summary>Something was published, or an entry has gone.</summary>
    Message,

    /// <summary>Something was missed here; on a broadcast topic it may have been.</summary>
    Gap,

    /// <summary>Members came.</summary>
    Join,

    /// <summary>Members went.</summary>
    Leave,

    /// <summary>How many members there are, where they are too many to be named.</summary>
    Presence,
}

/// <summary>Who published a message.</summary>
/// <param name="User">The user's id; null: anonymous.</param>
/// <param name="Connection">As in the client's <c>welcome</c>.</param>
/// <param name="Info">What the user's token says of it, a JSON value; empty: nothing.</param>
public sealed record MessageSender(string? User, string Connection, ReadOnlyMemory<byte> Info);
