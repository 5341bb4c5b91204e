using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Broker.Node.Configuration.Options;
using Broker.Node.Topics;

namespace Broker.Node.Auth;

/// <summary>What a connection may do. A deny wins over every allow, in whatever order they stand.</summary>
/// <remarks>
/// Immutable and thread-safe; questions allocate nothing. Names are UTF-8; one that is not legal, or reserved, is always refused, but for the topic
/// of a kind's rooms, which may be watched and read by whoever may join these.
/// </remarks>
internal sealed class Rights
{
    private static readonly AccessRule NoAccess = new(PatternSet.Empty, PatternSet.Empty);

    /// <summary>Nothing is permitted.</summary>
    public static readonly Rights None = new(NoAccess, NoAccess, NoAccess, NoAccess, NoAccess, NoAccess);

    private readonly AccessRule _subscribe;
    private readonly AccessRule _publish;
    private readonly AccessRule _history;
    private readonly AccessRule _presence;
    private readonly AccessRule _createRooms;
    private readonly AccessRule _joinRooms;

    private Rights(AccessRule subscribe, AccessRule publish, AccessRule history, AccessRule presence, AccessRule createRooms, AccessRule joinRooms)
    {
        _subscribe = subscribe;
        _publish = publish;
        _history = history;
        _presence = presence;
        _createRooms = createRooms;
        _joinRooms = joinRooms;
    }

    /// <summary>Builds rights from lists of patterns.</summary>
    /// <remarks><paramref name="error"/>: What is wrong, as <c>deny.publish: 'a..b' is not a topic pattern</c>; null on success.</remarks>
    public static bool TryCreate(RightsOptions options, [NotNullWhen(true)] out Rights? rights, [NotNullWhen(false)] out string? error)
    {
        error = options.Deny?.Deny is null ? null : "deny.deny: a deny has no deny of its own";
        var deny = options.Deny ?? new RightsOptions();
        var created = new Rights(
            Rule("subscribe", options.Subscribe, deny.Subscribe, ref error),
            Rule("publish", options.Publish, deny.Publish, ref error),
            Rule("history", options.History, deny.History, ref error),
            Rule("presence", options.Presence, deny.Presence, ref error),
            Rule("rooms.create", options.Rooms.Create, deny.Rooms.Create, ref error),
            Rule("rooms.join", options.Rooms.Join, deny.Rooms.Join, ref error));
        rights = error is null ? created : null;
        return rights is not null;
    }

    public bool MaySubscribe(ReadOnlySpan<byte> topic) => TopicName.IsOfRooms(topic, out var kind) ? MayJoinRoom(kind) : _subscribe.Permits(topic);

    /// <summary>Whether a subscription to a pattern is permitted: one allowed pattern covers it whole and no deny overlaps it.</summary>
    public bool MaySubscribe(TopicPattern pattern) => _subscribe.Permits(pattern);

    public bool MayPublish(ReadOnlySpan<byte> topic) => _publish.Permits(topic);

    /// <summary>Whether what was published to a topic may be read; no right to subscribe is needed for it, or follows from it.</summary>
    public bool MayReadHistory(ReadOnlySpan<byte> topic) => TopicName.IsOfRooms(topic, out var kind) ? MayJoinRoom(kind) : _history.Permits(topic);

    /// <summary>Whether a topic's members may be seen; no right to subscribe is needed for it, or follows from it.</summary>
    public bool MaySeePresence(ReadOnlySpan<byte> topic) => _presence.Permits(topic);

    /// <summary>Whether a room of a kind may be made; who makes one has a seat in it, without a right to join.</summary>
    public bool MayCreateRoom(ReadOnlySpan<byte> kind) => _createRooms.Permits(kind);

    /// <summary>Whether a seat may be taken in rooms of a kind, and their list be seen; no right to create them is needed for it, or follows from it.</summary>
    public bool MayJoinRoom(ReadOnlySpan<byte> kind) => _joinRooms.Permits(kind);

    /// <summary>These rights and a subscription granted by a token of its own; what is denied stays denied.</summary>
    public Rights WithSubscribe(TopicPattern granted) => new(_subscribe.With(granted), _publish, _history, _presence, _createRooms, _joinRooms);

    private static AccessRule Rule(string name, IReadOnlyList<string> allow, IReadOnlyList<string> deny, ref string? error) =>
        new(Parse(name, allow, ref error), Parse("deny." + name, deny, ref error));

    private static PatternSet Parse(string name, IReadOnlyList<string> texts, ref string? error)
    {
        if (texts.Count == 0)
        {
            return PatternSet.Empty;
        }

        var patterns = ImmutableArray.CreateBuilder<TopicPattern>(texts.Count);
        foreach (var text in texts)
        {
            if (TopicPattern.TryParse(text, out var pattern))
            {
                patterns.Add(pattern);
            }
            else
            {
                error ??= RightsClaim.NoPattern(name, text);
            }
        }

        return new PatternSet(patterns.ToImmutable());
    }
}

/// <summary>One right: what is allowed, less what is denied. Immutable and thread-safe.</summary>
internal sealed class AccessRule(PatternSet allow, PatternSet deny)
{
    /// <summary>Whether a name is permitted. What is not a legal name, reserved ones included, never is.</summary>
    public bool Permits(ReadOnlySpan<byte> name) =>
        TopicName.IsValid(name) && allow.Matches(name) && !deny.Matches(name);

    /// <summary>Whether everything the pattern matches is permitted: one allowed pattern covers it and no deny overlaps it.</summary>
    public bool Permits(TopicPattern pattern) =>
        pattern.IsName ? Permits(pattern.Utf8) : allow.Covers(pattern) && !deny.Overlaps(pattern);

    /// <summary>The same rule with one more allowed pattern; what is denied stays denied.</summary>
    public AccessRule With(TopicPattern pattern) => new(allow.With(pattern), deny);
}

/// <summary>Who a connection is and what it may do, as its token or the anonymous settings say. Immutable.</summary>
/// <param name="User">The subject (1-255 bytes of UTF-8, no control characters); null: anonymous.</param>
/// <param name="Rights">What it may do.</param>
/// <param name="Expires">The token's <c>exp</c>, without skew; null: never.</param>
/// <param name="Info">The info claim as raw JSON (UTF-8), at most 1 KiB; empty: none.</param>
internal sealed record Identity(string? User, Rights Rights, DateTimeOffset? Expires, ReadOnlyMemory<byte> Info)
{
    /// <summary>When who it is was said: the token's <c>iat</c>; the beginning of time where there is none.</summary>
    public DateTimeOffset Issued { get; init; } = DateTimeOffset.MinValue;

    /// <summary>When its rights were said; the application may have its say after the token.</summary>
    public DateTimeOffset Decided { get; init; } = DateTimeOffset.MinValue;

    public static Identity Anonymous(Rights rights) => new(null, rights, null, default);
}
