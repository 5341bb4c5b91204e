using System.Buffers;
using System.Text;

namespace Broker.Protocol.Http;

/// <summary>The lexical rules of RFC 9110 section 5.6 that heads and handshakes share.</summary>
internal static class HttpSyntax
{
    private const string Tchar = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(Encoding.ASCII.GetBytes(Tchar));
    private static readonly SearchValues<char> TokenChars = SearchValues.Create(Tchar);

    public static bool IsToken(ReadOnlySpan<byte> value) => !value.IsEmpty && !value.ContainsAnyExcept(TokenBytes);

    public static bool IsToken(ReadOnlySpan<char> value) => !value.IsEmpty && !value.ContainsAnyExcept(TokenChars);

    /// <summary>Parses <c>field-name ":" OWS field-value OWS</c> (RFC 9112 section 5); the line is free of control characters but HT.</summary>
    public static bool TryParseHeader(ReadOnlySpan<byte> line, out HttpHeader header)
    {
        header = default;
        var colon = line.IndexOf((byte)':');

        // A name that is not a token is: whitespace before the colon (5.1), obs-fold (5.2), an empty name.
        if (colon <= 0 || !IsToken(line[..colon]))
        {
            return false;
        }

        header = new HttpHeader(Encoding.Latin1.GetString(line[..colon]), Encoding.Latin1.GetString(line[(colon + 1)..].Trim(" \t"u8)));
        return true;
    }
}
