namespace Broker.Node.Auth;

/// <summary>Who a connection is and what it may do, as its token or the anonymous settings say. Immutable.</summary>
internal sealed class Identity(string? user, Rights rights, DateTimeOffset? expires, ReadOnlyMemory<byte> info)
{
    /// <summary>The subject (1-255 bytes of UTF-8, no control characters); null: anonymous.</summary>
    public string? User { get; } = user;

    public Rights Rights { get; } = rights;

    /// <summary>The token's <c>exp</c>, without skew; null: never.</summary>
    public DateTimeOffset? Expires { get; } = expires;

    /// <summary>The info claim as raw JSON (UTF-8), at most 1 KiB; empty: none.</summary>
    public ReadOnlyMemory<byte> Info { get; } = info;

    public static Identity Anonymous(Rights rights) => new(null, rights, null, default);
}
