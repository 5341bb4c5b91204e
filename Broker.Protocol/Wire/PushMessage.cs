namespace Broker.Protocol.Wire;

/// <summary>
/// A <c>message</c> push. Encoded once per node and format and shared by all receivers, so nothing in it is about
/// one of them.
/// </summary>
public readonly ref struct PushMessage
{
    /// <param name="topic">UTF-8.</param>
    /// <param name="data">One valid encoded value in the codec's format; copied as it is.</param>
    public PushMessage(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> data)
    {
        Topic = topic;
        Data = data;
    }

    public ReadOnlySpan<byte> Topic { get; }

    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Of a sequenced topic, from 1; left out when null.</summary>
    public long? Offset { get; init; }

    /// <summary>UTF-8 of the publisher's connection; <c>from</c> is left out when this is empty.</summary>
    public ReadOnlySpan<byte> FromConnection { get; init; }

    /// <summary>UTF-8 of the publisher's user; empty: anonymous, written as null.</summary>
    public ReadOnlySpan<byte> FromUser { get; init; }

    /// <summary>An encoded value; left out when empty.</summary>
    public ReadOnlySpan<byte> FromInfo { get; init; }

    /// <summary>Milliseconds since the epoch; left out when null.</summary>
    public long? Time { get; init; }
}
