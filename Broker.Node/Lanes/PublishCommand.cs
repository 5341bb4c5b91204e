using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>A publish that has passed rights and limits. Points into its owner's bytes until <see cref="Complete"/>.</summary>
/// <param name="topicHash">Of <paramref name="topic"/>.</param>
/// <param name="topic">Topic name, UTF-8.</param>
/// <param name="data">The encoded value.</param>
internal sealed class PublishCommand(uint topicHash, ReadOnlyMemory<byte> topic, ReadOnlyMemory<byte> data) : LaneCommand
{
    public override uint TopicHash => topicHash;

    public override ReadOnlySpan<byte> Topic => topic.Span;

    public ReadOnlyMemory<byte> TopicMemory => topic;

    public ReadOnlySpan<byte> Data => data.Span;

    /// <summary>Of the data, the sender's info and the reply.</summary>
    public WireFormat Format { get; init; }

    /// <summary>The publishing connection's writer; null for the publish API.</summary>
    public ConnectionWriter? Publisher { get; init; }

    /// <summary>Of the request; absent: no reply is wanted.</summary>
    public WireId Id { get; init; }

    /// <summary>False: not live back to the publishing connection.</summary>
    public bool Echo { get; init; } = true;

    /// <summary>UTF-8; empty unless the topic shows its senders.</summary>
    public ReadOnlyMemory<byte> FromConnection { get; init; }

    /// <summary>UTF-8; empty for anonymous.</summary>
    public ReadOnlyMemory<byte> FromUser { get; init; }

    /// <summary>Encoded value; empty for none.</summary>
    public ReadOnlyMemory<byte> FromInfo { get; init; }

    /// <summary>Milliseconds since the epoch, where the topic shows times.</summary>
    public long? Time { get; init; }

    /// <summary>Of a sequenced topic: under which it is taken once, the publisher's name included; null: none.</summary>
    public byte[]? Key { get; init; }

    /// <summary>Of a topic that keeps the latest: the entry that it is about, UTF-8.</summary>
    public ReadOnlyMemory<byte> Entry { get; init; }

    /// <summary>Takes the entry away; there is no data.</summary>
    public bool IsRemoval { get; init; }

    /// <summary>Of the topic of a user: the data is a <see cref="UserOrder"/>, which no client sees.</summary>
    public bool IsOrder { get; init; }

    /// <summary>The data is no value of a format, and what is kept is the data alone: nobody subscribes to the topic.</summary>
    public bool IsRaw { get; init; }

    /// <summary>What the entry must have now; null: anything.</summary>
    public TopicPosition? If { get; init; }

    /// <summary>Holds topic and data of a connection's publish; released on completion.</summary>
    public MessageBatch? Batch { get; init; }

    /// <summary>Set to the outcome on completion of the publish API's.</summary>
    public PublishTaken? Taken { get; init; }

    /// <summary>What became of it.</summary>
    public PublishResult Outcome { get; set; } = PublishResult.Published;

    public override void Disown() => Outcome = PublishResult.Timeout;

    public override void Complete()
    {
        Batch?.Release();
        Taken?.Released?.Invoke();
        Taken?.TrySetResult(Outcome);
    }
}
