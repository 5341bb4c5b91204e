using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Broker.Protocol.Http;

/// <summary>A request's method, target and header lines, as they came. Immutable.</summary>
public sealed class RequestHead
{
    /// <param name="method">Case-sensitive token.</param>
    /// <param name="target">The request target as sent: origin-form, absolute-form or <c>*</c>.</param>
    /// <param name="versionMinor">The minor version.</param>
    /// <param name="headers">Lines in the order they came.</param>
    public RequestHead(string method, string target, int versionMinor, IReadOnlyList<HttpHeader> headers)
    {
        ArgumentNullException.ThrowIfNull(target);
        Method = method;
        Target = target;
        VersionMinor = versionMinor;
        Headers = headers;
        var authority = AuthorityOf(target, out var pathStart);
        Host = authority ?? headers.SingleOf("Host");
        var question = target.IndexOf('?', pathStart);
        Path = question < 0 ? target[pathStart..] : target[pathStart..question];
        Query = question < 0 ? "" : target[(question + 1)..];
        if (Path.Length == 0)
        {
            Path = "/";
        }
    }

    public string Method { get; }

    public string Target { get; }

    /// <summary>The target's path before <c>?</c>, not decoded; of an absolute-form target without scheme and authority.</summary>
    public string Path { get; }

    /// <summary>What follows the first <c>?</c>, not decoded; empty when there is none.</summary>
    public string Query { get; }

    public int VersionMajor { get; init; } = 1;

    public int VersionMinor { get; }

    /// <summary>RFC 8441 section 4: the <c>:protocol</c> of an extended CONNECT; null where there is none, as always in HTTP/1.</summary>
    public string? Protocol { get; init; }

    public IReadOnlyList<HttpHeader> Headers { get; }

    /// <summary>
    /// The host asked for: an absolute-form target's authority, else the Host header; null when absent or repeated.
    /// RFC 9112 section 3.2.2: the server MUST ignore Host where the target names the host.
    /// </summary>
    public string? Host { get; }

    /// <summary>How many lines of that name there are.</summary>
    public int Count(string name) => Headers.CountOf(name);

    /// <summary>The value of the only line of that name; null when there is none or more than one (then see <see cref="Count"/>).</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The adjective, not the floating-point type.")]
    public string? Single(string name) => Headers.SingleOf(name);

    /// <summary>Whether <paramref name="token"/> is a member of the comma-separated list over all lines of that name, without case.</summary>
    public bool HasToken(string name, string token) => Headers.HasToken(name, token);

    /// <summary>The values of a query parameter in order, decoded as <c>application/x-www-form-urlencoded</c> (<c>+</c> is a space); empty when absent.</summary>
    public IReadOnlyList<string> QueryParameters(string name)
    {
        List<string>? values = null;
        ReadOnlySpan<char> query = Query;
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            var equals = pair.IndexOf('=');
            var key = equals < 0 ? pair : pair[..equals];
            if (!pair.IsEmpty && Decode(key) == name)
            {
                (values ??= []).Add(equals < 0 ? "" : Decode(pair[(equals + 1)..]));
            }
        }

        return values ?? [];
    }

    private static string Decode(ReadOnlySpan<char> text) =>
        text.ContainsAny('%', '+') ? WebUtility.UrlDecode(text.ToString()) : text.ToString();

    private static string? AuthorityOf(string target, out int pathStart)
    {
        pathStart = 0;
        var scheme = target.StartsWith('/') ? -1 : target.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0)
        {
            return null;
        }

        var start = scheme + 3;
        var end = target.AsSpan(start).IndexOfAny('/', '?');
        pathStart = end < 0 ? target.Length : start + end;
        return target[start..pathStart];
    }
}
