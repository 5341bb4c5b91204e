namespace Broker.Node;

/// <summary>Which members of a topic are wanted.</summary>
public sealed record PresenceQuery
{
    /// <summary>Members at most, 1-300.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>The <see cref="PresencePage.After"/> of the page before; null: the first.</summary>
    public string? After { get; init; }
}

/// <summary>Who is at a topic.</summary>
/// <param name="Result">Where it is not <see cref="QueryResult.Ok"/> there is nothing else.</param>
public sealed record PresencePage(QueryResult Result)
{
    /// <summary>Of all members.</summary>
    public long Connections { get; init; }

    /// <summary>All members: users, and connections of nobody known by name.</summary>
    public long Users { get; init; }

    /// <summary>Some of them.</summary>
    public IReadOnlyList<PresenceUser> Members { get; init; } = [];

    /// <summary>Where the next page begins; null: there is none.</summary>
    public string? After { get; init; }
}

/// <summary>Who is at a topic.</summary>
/// <param name="User">The user's id; of nobody known by name the connection, as in its <c>welcome</c>.</param>
/// <param name="Info">What the user's token says of it, a JSON value; empty: nothing.</param>
public sealed record PresenceUser(string User, ReadOnlyMemory<byte> Info);
