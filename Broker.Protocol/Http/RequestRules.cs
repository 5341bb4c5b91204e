using System.Globalization;

namespace Broker.Protocol.Http;

/// <summary>The rules over a whole request head that no path may treat differently, because proxies in front rely on them.</summary>
internal static class RequestRules
{
    /// <summary>Null when the head is sound, else what is wrong with it; the answer is 400 and the connection is closed.</summary>
    public static string? Violation(RequestHead head) => HostViolation(head) ?? FramingViolation(head);

    // RFC 9112 section 3.2: 400 to an HTTP/1.1 request without Host, with more than one, or with an invalid value.
    private static string? HostViolation(RequestHead head) => head.Count("Host") switch
    {
        0 => head.VersionMinor == 0 ? null : "Host header missing",
        1 => Authority.TryParse(head.Single("Host"), out _) ? null : "Host header invalid",
        _ => "Host header repeated",
    };

    // RFC 9112 sections 6.1 and 6.3: where two readings of the body's end are possible, nobody may choose one.
    private static string? FramingViolation(RequestHead head)
    {
        var lengths = head.Count("Content-Length");
        if (head.Count("Transfer-Encoding") > 0)
        {
            if (lengths > 0)
            {
                return "Content-Length beside Transfer-Encoding";
            }

            if (head.VersionMinor == 0)
            {
                return "Transfer-Encoding in HTTP/1.0";
            }

            return head.Headers.MembersOf("Transfer-Encoding") is [var coding] && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                ? null
                : "Transfer-Encoding is not chunked";
        }

        // A repeated one has no single value, also where all are the same.
        return lengths == 0 || long.TryParse(head.Single("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? null
            : "Content-Length repeated or invalid";
    }
}
