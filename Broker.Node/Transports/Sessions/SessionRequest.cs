namespace Broker.Node.Transports.Sessions;

/// <summary>What a client asks of a session that is there already, whichever node was asked.</summary>
/// <param name="Kind">What it asks for.</param>
/// <param name="Session">Of the client.</param>
internal sealed record SessionRequest(SessionRequestKind Kind, string Session)
{
    /// <summary>Of a post.</summary>
    public long Number { get; init; }

    /// <summary>Of a poll: the client has all answers up to this one.</summary>
    public long Cursor { get; init; }

    /// <summary>Of a poll: how long it may wait for a message.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>Of a poll: it goes on at once when nothing has come, and is answered <see cref="SessionAnswer.Nothing"/> instead.</summary>
    public bool IsPart { get; init; }

    /// <summary>Tells a poll that asks again from another poll.</summary>
    public long Poll { get; init; }

    /// <summary>Whom the request's token names; null: it has none.</summary>
    public string? User { get; init; }

    /// <summary>Of a post: JSON.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }
}

/// <summary>What a client asks; one byte between nodes.</summary>
internal enum SessionRequestKind : byte
{
    /// <summary>Takes messages of the client.</summary>
    Post,

    /// <summary>Asks for messages.</summary>
    Poll,

    /// <summary>Nobody waits for a poll any more.</summary>
    Forget,

    /// <summary>The client leaves.</summary>
    Leave,

    /// <summary>Asks what token a ticket stands for, which it then stands for no more.</summary>
    Redeem,
}

/// <summary>The answer to a <see cref="SessionRequest"/>: a status of HTTP, and a body of JSON or nothing.</summary>
internal readonly record struct SessionAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    public static readonly SessionAnswer Taken = new(204, default);

    /// <summary>To a part of a poll: nothing has come.</summary>
    public static readonly SessionAnswer Nothing = new(204, default);

    /// <summary>The session has ended, or never was.</summary>
    public static readonly SessionAnswer Gone = Refused(410, "The session has ended: open a new one.");

    /// <summary>An error for people.</summary>
    public static SessionAnswer Refused(int status, string text) => new(status, SessionJson.Error(text));
}
