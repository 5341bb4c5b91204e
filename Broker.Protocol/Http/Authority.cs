using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Broker.Protocol.Http;

/// <summary>
/// <c>host [":" port]</c> of a Host header, an origin or an absolute-form target. Narrower than RFC 3986: no
/// userinfo, no percent-encoding, no sub-delimiters, no empty labels but the root's trailing dot.
/// </summary>
/// <param name="Host">Lower case, IPv6 in its brackets, a trailing dot kept.</param>
/// <param name="Port">Null: none given, the scheme's default.</param>
internal readonly record struct Authority(string Host, int? Port)
{
    private static readonly SearchValues<char> HostChars =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~");

    // The platform's parser also takes zones, prefix lengths and brackets.
    private static readonly SearchValues<char> LiteralChars = SearchValues.Create("0123456789abcdefABCDEF:.");

    public static bool TryParse(ReadOnlySpan<char> text, out Authority authority)
    {
        authority = default;
        var end = text is ['[', ..] ? text.IndexOf(']') + 1 : text.IndexOf(':');
        var host = end < 0 ? text : text[..end];
        var rest = text[host.Length..];
        if (!IsHost(host) || !TryParsePort(rest, out var port))
        {
            return false;
        }

        authority = new Authority(host.ToString().ToLowerInvariant(), port);
        return true;
    }

    private static bool IsHost(ReadOnlySpan<char> host)
    {
        if (host is ['[', .. var literal, ']'])
        {
            return !literal.ContainsAnyExcept(LiteralChars) && IPAddress.TryParse(literal, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        return !host.IsEmpty && host[0] != '.' && !host.ContainsAnyExcept(HostChars) && host.IndexOf("..") < 0;
    }

    // RFC 3986 section 3.2.3: port = *DIGIT, so the digits behind the colon may be missing.
    private static bool TryParsePort(ReadOnlySpan<char> rest, out int? port)
    {
        port = null;
        if (rest is [] or [':'])
        {
            return true;
        }

        if (rest[0] != ':' || !ushort.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        port = number;
        return true;
    }
}
