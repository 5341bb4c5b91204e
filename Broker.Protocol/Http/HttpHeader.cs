namespace Broker.Protocol.Http;

/// <summary>One header field line: the value without surrounding whitespace, bytes over 0x7F as Latin-1.</summary>
public readonly record struct HttpHeader(string Name, string Value);

/// <summary>Lookups over header lines as they came; names compare without case (RFC 9110 section 5.1).</summary>
internal static class HeaderLookup
{
    public static int CountOf(this IReadOnlyList<HttpHeader> headers, string name)
    {
        var count = 0;
        for (var i = 0; i < headers.Count; i++)
        {
            if (Is(headers[i], name))
            {
                count++;
            }
        }

        return count;
    }

    public static string? SingleOf(this IReadOnlyList<HttpHeader> headers, string name)
    {
        string? value = null;
        for (var i = 0; i < headers.Count; i++)
        {
            if (!Is(headers[i], name))
            {
                continue;
            }

            if (value is not null)
            {
                return null;
            }

            value = headers[i].Value;
        }

        return value;
    }

    /// <summary>The members of a comma-separated list over all lines of that name; empty members are skipped (RFC 9110 section 5.6.1.2).</summary>
    public static List<string> MembersOf(this IReadOnlyList<HttpHeader> headers, string name)
    {
        var members = new List<string>();
        for (var i = 0; i < headers.Count; i++)
        {
            if (!Is(headers[i], name))
            {
                continue;
            }

            ReadOnlySpan<char> value = headers[i].Value;
            foreach (var range in value.Split(','))
            {
                var member = value[range].Trim(" \t");
                if (!member.IsEmpty)
                {
                    members.Add(member.ToString());
                }
            }
        }

        return members;
    }

    public static bool HasToken(this IReadOnlyList<HttpHeader> headers, string name, string token) =>
        headers.MembersOf(name).Exists(member => member.Equals(token, StringComparison.OrdinalIgnoreCase));

    private static bool Is(HttpHeader header, string name) => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
