using System.Diagnostics.CodeAnalysis;
using Broker.Protocol.Http;

namespace Broker.Protocol.Handshake;

/// <summary>
/// Which web sites' pages may connect (RFC 6455 section 10.2): the own host and the entries of <c>origins.allow</c>.
/// Immutable and thread-safe.
/// </summary>
public sealed class OriginPolicy
{
    private readonly OriginPattern[] _patterns;
    private readonly bool _allowNull;

    private OriginPolicy(OriginPattern[] patterns, bool allowNull)
    {
        _patterns = patterns;
        _allowNull = allowNull;
    }

    /// <summary>
    /// Reads the entries: <c>https://host</c>, <c>https://host:8443</c>, <c>http://localhost:*</c> (any port, given or
    /// not), <c>https://*.example.com</c> (one or more labels, not example.com itself) or <c>null</c>.
    /// </summary>
    /// <param name="allow">The entries.</param>
    /// <param name="policy">The policy when all entries are sound.</param>
    /// <param name="error">Else what is wrong with which entry.</param>
    public static bool TryCreate(
        IReadOnlyList<string> allow, [NotNullWhen(true)] out OriginPolicy? policy, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(allow);
        policy = null;
        error = null;
        var patterns = new List<OriginPattern>();
        foreach (var entry in allow.Where(entry => entry != "null"))
        {
            if (OriginPattern.ParseEntry(entry, out error) is not { } pattern)
            {
                error ??= entry;
                return false;
            }

            patterns.Add(pattern);
        }

        policy = new OriginPolicy([.. patterns], allow.Contains("null"));
        return true;
    }

    /// <summary>Judges a request by its Origin lines; more than one is refused whatever they say.</summary>
    /// <param name="head">The request.</param>
    /// <param name="host">The host it asked for, whoever says so.</param>
    /// <param name="tls">As below.</param>
    public bool Allows(RequestHead head, string host, bool tls)
    {
        ArgumentNullException.ThrowIfNull(head);
        return head.Count("Origin") <= 1 && Allows(head.Single("Origin"), host, tls);
    }

    /// <summary>Judges one origin.</summary>
    /// <param name="origin">The Origin header; null when absent (not a browser: allowed).</param>
    /// <param name="host">The host the request asked for.</param>
    /// <param name="tls">Whether the connection is encrypted here; then an <c>http</c> page of the own host is another site.</param>
    public bool Allows(string? origin, string host, bool tls)
    {
        if (origin is null)
        {
            return true;
        }

        // "null" is every sandboxed frame and local file of the world: only where it is written out.
        if (origin == "null")
        {
            return _allowNull;
        }

        return OriginPattern.ParseOrigin(origin) is { } site
            && (IsOwn(site, host, tls) || Array.Exists(_patterns, pattern => pattern.Matches(site)));
    }

    // An https page is the own host also where tls is false: a proxy in front has ended TLS, and the public port is
    // the scheme's default unless Host says otherwise.
    private static bool IsOwn(OriginPattern site, string host, bool tls) =>
        (site.Scheme == "https" || (site.Scheme == "http" && !tls))
        && Authority.TryParse(host, out var own)
        && own.Host == site.Host
        && (own.Port ?? OriginPattern.DefaultPort(site.Scheme)) == site.Port;
}
