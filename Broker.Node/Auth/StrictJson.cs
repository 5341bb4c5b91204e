using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Broker.Node.Auth;

/// <summary>Reads JSON that decides about trust: one object, no duplicate members at any depth, no lone surrogates.</summary>
internal static class StrictJson
{
    /// <summary>Deepest accepted nesting: what is embedded in a message (info) must stay well under the wire's 64.</summary>
    public const int MaxDepth = 32;

    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    /// <remarks><paramref name="utf8"/>: Kept by the document.</remarks>
    public static bool TryParseObject(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out JsonDocument? document)
    {
        document = null;
        if (!Utf8.IsValid(utf8.Span) || !HasPairedSurrogates(utf8.Span))
        {
            return false;
        }

        try
        {
            document = JsonDocument.Parse(utf8, Options);
        }
        catch (JsonException)
        {
            return false;
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return true;
        }

        document.Dispose();
        document = null;
        return false;
    }

    /// <summary>Whether every number below the element fits a double (1e400 does not).</summary>
    public static bool HasFiniteNumbers(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => element.TryGetDouble(out var value) && double.IsFinite(value),
        JsonValueKind.Array => element.EnumerateArray().All(HasFiniteNumbers),
        JsonValueKind.Object => element.EnumerateObject().All(static member => HasFiniteNumbers(member.Value)),
        _ => true,
    };

    // In JSON a backslash stands in strings only, so escapes can be walked without parsing.
    private static bool HasPairedSurrogates(ReadOnlySpan<byte> json)
    {
        var high = false;
        for (var i = json.IndexOf((byte)'\\'); i >= 0;)
        {
            var next = i + 2;
            var low = false;
            if (i + 1 < json.Length && json[i + 1] == (byte)'u')
            {
                next = i + 6;
                if (next > json.Length
                    || !ushort.TryParse(json[(i + 2)..next], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
                {
                    return false;
                }

                low = char.IsLowSurrogate((char)unit);
                if (low != high)
                {
                    return false;
                }

                high = char.IsHighSurrogate((char)unit);
            }

            if (next > json.Length)
            {
                return false;
            }

            var skip = json[next..].IndexOf((byte)'\\');
            if (high && skip != 0)
            {
                return false;
            }

            i = skip < 0 ? -1 : next + skip;
        }

        return !high;
    }
}
