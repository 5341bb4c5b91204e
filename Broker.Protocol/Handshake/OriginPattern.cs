using Broker.Protocol.Http;

namespace Broker.Protocol.Handshake;

/// <summary>One entry of <c>origins.allow</c>, or an origin as a browser sends it (then without wildcards).</summary>
/// <param name="Scheme">Lower case.</param>
/// <param name="Host">Lower case; behind a wildcard the suffix with its leading dot.</param>
/// <param name="Port">Null where the scheme has no default and none is given.</param>
/// <param name="AnyLabels">The host stood behind <c>*</c>: one or more labels before the suffix.</param>
/// <param name="AnyPort">The port was <c>*</c>: any, given or not.</param>
internal sealed record OriginPattern(string Scheme, string Host, int? Port, bool AnyLabels, bool AnyPort)
{
    /// <summary>Parses <c>scheme "://" host [":" port]</c> (RFC 6454 section 6.2) and nothing around it.</summary>
    public static OriginPattern? ParseOrigin(string text)
    {
        var separator = text.IndexOf("://", StringComparison.Ordinal);
        if (separator <= 0 || text.EndsWith(':') || !IsScheme(text.AsSpan(0, separator))
            || !Authority.TryParse(text.AsSpan(separator + 3), out var authority))
        {
            return null;
        }

        var scheme = text[..separator].ToLowerInvariant();
        return new OriginPattern(scheme, authority.Host, authority.Port ?? DefaultPort(scheme), false, false);
    }

    /// <summary>Parses a configuration entry; the error says what to write instead.</summary>
    public static OriginPattern? ParseEntry(string entry, out string? error)
    {
        error = null;
        var separator = entry.IndexOf("://", StringComparison.Ordinal);
        if (entry == "*")
        {
            error = "'*' would allow every web site; list the origins, for example https://*.example.com";
        }
        else if (separator <= 0)
        {
            error = $"'{entry}' has no scheme; write for example https://{(separator == 0 ? entry[3..] : entry)}";
        }
        else if (entry.AsSpan(separator + 3).IndexOfAny('/', '?', '#') >= 0)
        {
            error = $"'{entry}' has a path; an origin is scheme, host and port only: {entry[..(separator + 3 + entry.AsSpan(separator + 3).IndexOfAny('/', '?', '#'))]}";
        }

        if (error is not null)
        {
            return null;
        }

        var plain = entry;
        var anyPort = plain.EndsWith(":*", StringComparison.Ordinal);
        plain = anyPort ? plain[..^2] : plain;
        var anyLabels = plain.AsSpan(separator + 3).StartsWith("*.");
        plain = anyLabels ? plain.Remove(separator + 3, 2) : plain;
        if (ParseOrigin(plain) is not { } origin || (anyLabels && origin.Host.StartsWith('[')) || (anyPort && plain.LastIndexOf(':') > separator && !plain.EndsWith(']')))
        {
            error = $"'{entry}' is not an origin; write scheme://host, scheme://host:port, scheme://host:* or scheme://*.domain";
            return null;
        }

        return origin with { Host = anyLabels ? "." + origin.Host : origin.Host, AnyLabels = anyLabels, AnyPort = anyPort };
    }

    // No host begins with a dot, so a suffix with one needs a label before it.
    public bool Matches(OriginPattern origin) =>
        Scheme == origin.Scheme
        && (AnyPort || Port == origin.Port)
        && (AnyLabels ? origin.Host.EndsWith(Host, StringComparison.Ordinal) : Host == origin.Host);

    public static int? DefaultPort(string scheme) => scheme switch
    {
        "http" => 80,
        "https" => 443,
        _ => null,
    };

    // RFC 3986 section 3.1; besides http and https there are chrome-extension, capacitor, tauri and their like.
    private static bool IsScheme(ReadOnlySpan<char> scheme)
    {
        foreach (var c in scheme)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
            {
                return false;
            }
        }

        return char.IsAsciiLetter(scheme[0]);
    }
}
