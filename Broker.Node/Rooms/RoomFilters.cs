using System.Text;
using System.Text.Json;
using Broker.Rooms;

namespace Broker.Node.Rooms;

/// <summary>What a client asks of a room: pairs that its metadata has. Equal filters are equal, in whatever order they were written. Immutable.</summary>
internal sealed class RoomFilters : IEquatable<RoomFilters>
{
    public static readonly RoomFilters None = new([]);

    /// <summary>Levels of the map: itself.</summary>
    private static readonly JsonDocumentOptions Reading = new() { AllowDuplicateProperties = false, MaxDepth = 1 };

    private readonly KeyValuePair<string, string>[] _pairs;
    private readonly string _text;

    private RoomFilters(KeyValuePair<string, string>[] pairs)
    {
        _pairs = pairs;

        // Lengths in front, so that no text can look like the end of another.
        _text = string.Concat(pairs.Select(static pair => $"{pair.Key.Length}:{pair.Key}{pair.Value.Length}:{pair.Value}"));
    }

    /// <summary>By their keys.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs => _pairs;

    /// <summary>Null: more, or longer ones, than a room can have, or a key twice.</summary>
    public static RoomFilters? Of(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        KeyValuePair<string, string>[] sorted = [.. pairs.OrderBy(static pair => pair.Key, StringComparer.Ordinal)];
        if (sorted.Length > RoomLimits.Metadata || Array.Exists(sorted, static pair => pair.Key.Length is 0 or > RoomLimits.MetadataText || pair.Value.Length > RoomLimits.MetadataText))
        {
            return null;
        }

        for (var next = 1; next < sorted.Length; next++)
        {
            if (sorted[next].Key == sorted[next - 1].Key)
            {
                return null;
            }
        }

        return sorted.Length == 0 ? None : new RoomFilters(sorted);
    }

    /// <summary>Null: no map of texts, numbers and truth values, or not one that a room could have.</summary>
    /// <param name="json">Empty: no filters.</param>
    public static RoomFilters? Read(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
        {
            return None;
        }

        try
        {
            using var document = JsonDocument.Parse(json, Reading);
            var pairs = new List<KeyValuePair<string, string>>();
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (TextOf(member.Value) is not { } text || pairs.Count == RoomLimits.Metadata)
                {
                    return null;
                }

                pairs.Add(new KeyValuePair<string, string>(member.Name, text));
            }

            return Of(pairs);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            // An escape of half a character is found only when the text is made.
            return null;
        }
    }

    public bool Equals(RoomFilters? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as RoomFilters);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };
}
