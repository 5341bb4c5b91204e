using System.Text;

namespace Broker.Protocol.Http;

/// <summary><c>method SP request-target SP HTTP-version</c> (RFC 9112 section 3).</summary>
internal sealed record RequestLine(string Method, string Target, int VersionMinor)
{
    public static RequestLine? Parse(ReadOnlySpan<byte> line, out HttpRefusal refusal)
    {
        refusal = default;
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last == first || !HttpSyntax.IsToken(line[..first]))
        {
            refusal = new HttpRefusal(400, "Malformed request line");
            return null;
        }

        // HTTP-version = "HTTP/" DIGIT "." DIGIT, case-sensitive.
        var version = line[(last + 1)..];
        if (version is not [.., >= (byte)'0' and <= (byte)'9', (byte)'.', >= (byte)'0' and <= (byte)'9'] || version.Length != 8 || !version.StartsWith("HTTP/"u8))
        {
            refusal = new HttpRefusal(400, "Malformed HTTP version");
            return null;
        }

        // A higher minor version would be answered as HTTP/1.1 here and refused by the server behind: one answer for both.
        if (version[5] != '1' || version[7] > '1')
        {
            refusal = new HttpRefusal(505, "HTTP version not supported");
            return null;
        }

        var method = Encoding.ASCII.GetString(line[..first]);
        var target = line[(first + 1)..last];
        if (target.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E) || target.Contains((byte)'#') || !IsTarget(method, Encoding.ASCII.GetString(target)))
        {
            refusal = new HttpRefusal(400, "Malformed request target");
            return null;
        }

        return new RequestLine(method, Encoding.ASCII.GetString(target), version[7] - '0');
    }

    // RFC 9112 section 3.2: origin-form, absolute-form, and asterisk-form for OPTIONS; authority-form is for proxies.
    // RFC 6455 section 4.1: an upgrade's absolute-form is http or https too.
    private static bool IsTarget(string method, string target)
    {
        if (target.StartsWith('/'))
        {
            return true;
        }

        if (target == "*")
        {
            return method == "OPTIONS";
        }

        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            return false;
        }

        var authority = target.AsSpan(scheme + 3);
        var end = authority.IndexOfAny('/', '?');
        return IsHttp(target.AsSpan(0, scheme)) && Authority.TryParse(end < 0 ? authority : authority[..end], out _);
    }

    private static bool IsHttp(ReadOnlySpan<char> scheme) =>
        scheme.Equals("http", StringComparison.OrdinalIgnoreCase) || scheme.Equals("https", StringComparison.OrdinalIgnoreCase);
}
