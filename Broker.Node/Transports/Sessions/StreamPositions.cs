using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Broker.Node.Transports.Sessions;

/// <summary>
/// Where a client without a program of its own is in its topics, known by what it is sent, as it would know itself: a map of topics to epoch
/// and offset, which it brings back to be sent what it missed. Of one thread at a time.
/// </summary>
internal sealed class StreamPositions
{
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    /// <summary>Topics, in the order in which they were asked for.</summary>
    public IReadOnlyList<string> Topics { get; private init; } = [];

    /// <param name="topics">Of the request.</param>
    /// <param name="last">The map that the client brings back; null or empty: none.</param>
    /// <param name="positions">Of these topics.</param>
    /// <returns>False: the map is none.</returns>
    public static bool TryRead(IEnumerable<string> topics, string? last, [NotNullWhen(true)] out StreamPositions? positions)
    {
        positions = new StreamPositions { Topics = [.. topics.Distinct(StringComparer.Ordinal)] };
        if (string.IsNullOrWhiteSpace(last))
        {
            return true;
        }

        try
        {
            using var map = JsonDocument.Parse(last);
            foreach (var topic in map.RootElement.EnumerateObject())
            {
                var place = topic.Value;
                if (place.GetArrayLength() != 2 || place[0].GetString() is not { } epoch || !place[1].TryGetInt64(out var offset) || offset < 0)
                {
                    return false;
                }

                if (positions.Topics.Contains(topic.Name, StringComparer.Ordinal))
                {
                    positions._places[topic.Name] = new Place(epoch, offset, IsAsked: true);
                }
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    /// <summary>The messages with which the client subscribes, as one array.</summary>
    public byte[] Subscribes()
    {
        var output = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartArray();
        foreach (var topic in Topics)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "subscribe");
            writer.WriteString("topic", topic);
            if (_places.TryGetValue(topic, out var place))
            {
                writer.WriteStartObject("recover");
                writer.WriteString("epoch", place.Epoch);
                writer.WriteNumber("offset", place.Offset);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>A message is on its way to the client.</summary>
    /// <returns>True: the client is somewhere else now.</returns>
    public bool Saw(ReadOnlySpan<byte> message)
    {
        if (message.IsEmpty || SentPosition.Read(message) is not { Topic: { } topic } sent)
        {
            return false;
        }

        var known = _places.GetValueOrDefault(topic);
        var place = sent.Kind switch
        {
            SentKind.Message when known is not null && sent.Offset is { } offset => known with { Offset = offset, IsAsked = false },
            SentKind.Gap when sent is { Epoch: { } epoch, Offset: { } offset } => new Place(epoch, offset, IsAsked: false),

            // What was missed comes behind it: the client is where it was.
            SentKind.Subscribed when sent.Recovered == true && known is { IsAsked: true } && known.Epoch == sent.Epoch && sent.Snapshot is null => known,
            SentKind.Subscribed when sent is { Epoch: { } epoch, Snapshot: > 0 } => new Place(epoch, 0, IsAsked: false),
            SentKind.Subscribed when sent is { Epoch: { } epoch, Offset: { } offset } => new Place(epoch, offset, IsAsked: false),
            _ => null,
        };
        if (place is null || place == known)
        {
            return false;
        }

        _places[topic] = place;
        return true;
    }

    /// <summary>The map, without the end of a line.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        foreach (var (topic, place) in _places)
        {
            writer.WriteStartArray(topic);
            writer.WriteStringValue(place.Epoch);
            writer.WriteNumberValue(place.Offset);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.Flush();
    }

    /// <param name="Epoch">Of the topic.</param>
    /// <param name="Offset">The last that was seen.</param>
    /// <param name="IsAsked">As the client brought it.</param>
    private sealed record Place(string Epoch, long Offset, bool IsAsked);

    private enum SentKind
    {
        Other,
        Message,
        Gap,
        Subscribed,
    }

    /// <summary>What a message to a client says about a position.</summary>
    private readonly record struct SentPosition(SentKind Kind, string? Topic, string? Epoch, long? Offset, bool? Recovered, long? Snapshot)
    {
        public static SentPosition Read(ReadOnlySpan<byte> message)
        {
            // A message may hold data as deep as the limit, and is one deeper.
            var reader = new Utf8JsonReader(message, new JsonReaderOptions { MaxDepth = 128 });
            var sent = default(SentPosition);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                sent = Take(sent, ref reader);
                reader.Skip();
            }

            return sent;
        }

        private static SentPosition Take(SentPosition sent, ref Utf8JsonReader reader)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                return sent with { Kind = KindOf(ref reader) };
            }

            if (reader.ValueTextEquals("topic"u8))
            {
                reader.Read();
                return sent with { Topic = reader.GetString() };
            }

            if (reader.ValueTextEquals("epoch"u8))
            {
                reader.Read();
                return sent with { Epoch = reader.GetString() };
            }

            if (reader.ValueTextEquals("offset"u8))
            {
                reader.Read();
                return sent with { Offset = reader.GetInt64() };
            }

            if (reader.ValueTextEquals("recovered"u8))
            {
                reader.Read();
                return sent with { Recovered = reader.GetBoolean() };
            }

            if (reader.ValueTextEquals("snapshot"u8))
            {
                reader.Read();
                return sent with { Snapshot = reader.GetInt64() };
            }

            return sent;
        }

        private static SentKind KindOf(ref Utf8JsonReader reader) =>
            reader.ValueTextEquals("message"u8) ? SentKind.Message
            : reader.ValueTextEquals("gap"u8) ? SentKind.Gap
            : reader.ValueTextEquals("subscribed"u8) ? SentKind.Subscribed
            : SentKind.Other;
    }
}
