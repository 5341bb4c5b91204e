using System.Buffers;
using System.Globalization;
using System.Text;

namespace Broker.Protocol.Http;

/// <summary>Writes the heads of responses that never reach Kestrel: the 101 and refusals.</summary>
public static class ResponseHead
{
    /// <summary>Writes status line, header lines and the closing empty line.</summary>
    /// <param name="output">Takes the bytes.</param>
    /// <param name="status">100 to 999.</param>
    /// <param name="headers">Names are tokens; values Latin-1 without control characters.</param>
    /// <exception cref="ArgumentException">A name or value could break out of its line: a bug in the caller, never passed on to the wire.</exception>
    public static void Write(IBufferWriter<byte> output, int status, IEnumerable<HttpHeader> headers)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 999);
        var text = new StringBuilder(256)
            .Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {ReasonPhrase(status)}\r\n");
        foreach (var (name, value) in headers)
        {
            if (!HttpSyntax.IsToken(name) || !IsValue(value))
            {
                throw new ArgumentException($"The header '{name}' cannot be written.", nameof(headers));
            }

            text.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        text.Append("\r\n");
        var length = text.Length;
        var span = output.GetSpan(length);
        foreach (var chunk in text.GetChunks())
        {
            span = span[Encoding.Latin1.GetBytes(chunk.Span, span)..];
        }

        output.Advance(length);
    }

    internal static bool IsValue(string value)
    {
        foreach (var c in value)
        {
            if (c is (< ' ' and not '\t') or '\x7F' or > '\xFF')
            {
                return false;
            }
        }

        return true;
    }

    private static string ReasonPhrase(int status) => status switch
    {
        101 => "Switching Protocols",
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    };
}
