namespace Broker.Protocol.Wire;

/// <summary>
/// The first message on every connection. <c>Time</c> is in milliseconds since the epoch, <c>Heartbeat</c> how many
/// milliseconds of silence a client bears before it asks for a sign of life.
/// </summary>
public readonly record struct WelcomeMessage(
    string Connection, string Node, long Time, AuthState Auth, int Heartbeat, WelcomeLimits Limits)
{
    /// <summary>Left out when null.</summary>
    public string? User { get; init; }

    /// <summary>Milliseconds since the epoch; left out when null.</summary>
    public long? Expires { get; init; }

    /// <summary>Where the client sends and polls, of a transport that needs it; left out when null.</summary>
    public string? Session { get; init; }

    /// <summary>A greeting; left out when null.</summary>
    public string? Message { get; init; }
}

/// <summary>The <c>limits</c> of <c>welcome</c>.</summary>
/// <param name="Message">Bytes of a client's message.</param>
/// <param name="Subscriptions">On this connection.</param>
/// <param name="Rate">Messages a second.</param>
/// <param name="Burst">Messages at once.</param>
public readonly record struct WelcomeLimits(int Message, int Subscriptions, int Rate, int Burst);

/// <summary>The <c>auth</c> of <c>welcome</c>.</summary>
public enum AuthState : byte
{
    /// <summary>The first message must be <c>auth</c>.</summary>
    Required,

    /// <summary>Anonymous, and may authenticate.</summary>
    Optional,

    /// <summary>Authenticated by the upgrade request.</summary>
    Done,
}

/// <summary>Reply to <c>auth</c>. <c>Expires</c> is in milliseconds since the epoch, written as null for a token without end.</summary>
public readonly record struct AuthenticatedMessage(WireId Id, string User, long? Expires)
{
    /// <summary>An encoded value in the codec's format; left out when empty.</summary>
    public ReadOnlyMemory<byte> Info { get; init; }
}

/// <summary>Reply to <c>subscribe</c>; unasked, with a <see cref="Reason"/>, when the server subscribes a connection. <c>Topic</c> is UTF-8, as the client wrote it.</summary>
public readonly record struct SubscribedMessage(WireId Id, ReadOnlyMemory<byte> Topic)
{
    /// <summary>Written as <c>epoch</c> and <c>offset</c>; both left out when null.</summary>
    public WirePosition? Position { get; init; }

    /// <summary>Left out when null, that is when no recovery was asked for.</summary>
    public bool? Recovered { get; init; }

    /// <summary>How many kept messages follow; left out when null.</summary>
    public int? Snapshot { get; init; }

    /// <summary>Who is there, if that was asked for; left out when null.</summary>
    public PresenceList? Presence { get; init; }

    /// <summary>Left out when null.</summary>
    public string? Reason { get; init; }
}

/// <summary>Reply to <c>unsubscribe</c>; unasked, with a <see cref="Reason"/>, when the server removes a subscription or a right ends. <c>Topic</c> is UTF-8.</summary>
public readonly record struct UnsubscribedMessage(WireId Id, ReadOnlyMemory<byte> Topic)
{
    /// <summary>Left out when null.</summary>
    public string? Reason { get; init; }
}

/// <summary>Reply to <c>publish</c>. <c>Topic</c> is UTF-8.</summary>
public readonly record struct PublishedMessage(WireId Id, ReadOnlyMemory<byte> Topic)
{
    /// <summary>Of a sequenced topic; written as <c>epoch</c> and <c>offset</c>, both left out when null.</summary>
    public WirePosition? Position { get; init; }

    /// <summary>How many nodes have the message; left out when null.</summary>
    public int? Copies { get; init; }
}

/// <summary>Reply to <c>history</c>.</summary>
/// <param name="Id">Of the request.</param>
/// <param name="Topic">UTF-8.</param>
/// <param name="Position">Of the topic as a whole.</param>
/// <param name="Pushes">
/// Whole pushes of the topic in the codec's format, with or without what <see cref="IWireCodec.TryWriteWithOffset"/> adds; written
/// without <c>type</c> and <c>topic</c>.
/// </param>
/// <param name="More">Whether there is more than the limit let through.</param>
public readonly record struct HistoryMessage(
    WireId Id, ReadOnlyMemory<byte> Topic, WirePosition Position, IReadOnlyList<ReadOnlyMemory<byte>> Pushes, bool More);

/// <summary>
/// A <c>message</c> push. Encoded once per node and format and shared by all receivers, so nothing in it is about
/// one of them.
/// </summary>
public readonly ref struct PushMessage
{
    /// <param name="topic">UTF-8.</param>
    /// <param name="data">One valid encoded value in the codec's format, copied as it is; not written where an entry was <see cref="Removed"/>.</param>
    public PushMessage(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> data)
    {
        Topic = topic;
        Data = data;
    }

    public ReadOnlySpan<byte> Topic { get; }

    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Of a sequenced topic, from 1; left out when null.</summary>
    public long? Offset { get; init; }

    /// <summary>UTF-8 of the name under which it is kept; left out when empty.</summary>
    public ReadOnlySpan<byte> Entry { get; init; }

    /// <summary>Whether the entry is there no more.</summary>
    public Removal Removed { get; init; }

    /// <summary>UTF-8 of the publisher's connection; <c>from</c> is left out when this is empty.</summary>
    public ReadOnlySpan<byte> FromConnection { get; init; }

    /// <summary>UTF-8 of the publisher's user; empty: anonymous, written as null.</summary>
    public ReadOnlySpan<byte> FromUser { get; init; }

    /// <summary>An encoded value; left out when empty.</summary>
    public ReadOnlySpan<byte> FromInfo { get; init; }

    /// <summary>Milliseconds since the epoch; left out when null.</summary>
    public long? Time { get; init; }
}

/// <summary>The <c>removed</c> of <c>message</c>.</summary>
public enum Removal : byte
{
    /// <summary>The message has data.</summary>
    None,

    /// <summary>By a publish with <c>remove</c>, written as true.</summary>
    Removed,

    /// <summary>Its time was over.</summary>
    Expired,
}

/// <summary>Something was, or on a broadcast topic may have been, missed here.</summary>
/// <param name="Topic">UTF-8; of a subscription to a pattern that pattern.</param>
public readonly record struct GapMessage(ReadOnlyMemory<byte> Topic)
{
    /// <summary>The pattern of the subscription, UTF-8; left out when empty.</summary>
    public ReadOnlyMemory<byte> Pattern { get; init; }

    /// <summary>Where the topic goes on; written as <c>epoch</c> and <c>offset</c>, both left out when null.</summary>
    public WirePosition? Position { get; init; }

    /// <summary>Offset of the first message that was missed; left out when null.</summary>
    public long? From { get; init; }

    /// <summary>Offset of the last message that was missed; left out when null.</summary>
    public long? To { get; init; }

    /// <summary>Who came and left was missed too; left out when false.</summary>
    public bool Presence { get; init; }
}

/// <summary>Reply to <c>ping</c>. <c>Time</c> is in milliseconds since the epoch.</summary>
public readonly record struct PongMessage(WireId Id, long Time);

/// <summary>Says what follows: the server closes. <c>After</c> is how many milliseconds to wait before coming back.</summary>
public readonly record struct DisconnectingMessage(DisconnectReason Reason, long After);

/// <summary>Something was refused; sent also for a request without id.</summary>
/// <param name="Code">Not <see cref="ErrorCode.None"/>.</param>
/// <param name="Id">Of the request, where it could be read.</param>
public readonly record struct ErrorMessage(ErrorCode Code, WireId Id = default)
{
    /// <summary>For people; null: the text of <see cref="ErrorCodes.Text"/>.</summary>
    public string? Text { get; init; }

    /// <summary>UTF-8 of the topic it is about; left out when empty.</summary>
    public ReadOnlyMemory<byte> Topic { get; init; }

    /// <summary>Milliseconds; left out when null.</summary>
    public long? RetryAfter { get; init; }

    /// <summary>Why, in the words of who refused: of the application, of a room; left out when null.</summary>
    public string? Reason { get; init; }

    /// <summary>What who refused says with it: an encoded value in the codec's format; left out when empty.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>What the entry of a <see cref="ErrorCode.Conflict"/> is at; written as <c>epoch</c> and <c>offset</c>, both left out when null.</summary>
    public WirePosition? Position { get; init; }
}
