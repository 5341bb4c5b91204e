using System.Text.Json;
using System.Text.Json.Serialization;

namespace Broker.Tests.Checker;

/// <summary>A history as text: a line of JSON for each event, with those properties that it has.</summary>
internal static class HistoryText
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static string Line(HistoryEvent what) => JsonSerializer.Serialize(what, Options);

    public static void Write(IEnumerable<HistoryEvent> history, TextWriter to)
    {
        foreach (var what in history)
        {
            to.WriteLine(Line(what));
        }
    }

    /// <exception cref="FormatException">A line is not an event; the message names the line.</exception>
    public static List<HistoryEvent> Read(TextReader from)
    {
        List<HistoryEvent> history = [];
        while (from.ReadLine() is { } line)
        {
            try
            {
                history.Add(JsonSerializer.Deserialize<HistoryEvent>(line, Options) ?? throw new JsonException("null is no event"));
            }
            catch (JsonException e)
            {
                throw new FormatException($"line {history.Count + 1}: {e.Message}", e);
            }
        }

        return history;
    }
}
