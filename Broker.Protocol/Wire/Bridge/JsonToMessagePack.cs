using System.Buffers;
using System.Text.Json;
using Broker.Protocol.Wire.Json;
using Broker.Protocol.Wire.MessagePack;

namespace Broker.Protocol.Wire.Bridge;

/// <summary>
/// Writes one JSON value as MessagePack. MessagePack says how many elements follow before the first of them, JSON does not:
/// so the text is read twice, first only to count.
/// </summary>
internal static class JsonToMessagePack
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = WireLimits.Depth };

    public static bool TryWrite(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        // As many containers as brackets at most: some may stand in texts.
        var counts = ArrayPool<int>.Shared.Rent(json.Count((byte)'{') + json.Count((byte)'['));
        try
        {
            Count(json, counts);
            return Write(json, counts, output);
        }
        catch (JsonException)
        {
            // The only way the reader of the runtime has to say it.
            return false;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(counts);
        }
    }

    /// <summary>The number of elements or pairs of every container, in the order they begin in.</summary>
    private static void Count(ReadOnlySpan<byte> json, Span<int> counts)
    {
        Span<int> open = stackalloc int[WireLimits.Depth + 1];
        var containers = 0;
        var reader = new Utf8JsonReader(json, Options);
        while (reader.Read())
        {
            // CurrentDepth of a container's own tokens is that of what surrounds it; a pair counts by its value.
            var depth = reader.CurrentDepth;
            if (depth > 0 && reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray))
            {
                counts[open[depth]]++;
            }

            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                open[depth + 1] = containers;
                counts[containers++] = 0;
            }
        }
    }

    private static bool Write(ReadOnlySpan<byte> json, ReadOnlySpan<int> counts, IBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(json, Options);
        while (reader.Read())
        {
            var header = output.GetSpan(MessagePackHeaders.Longest);
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    output.Advance(MessagePackHeaders.Map(header, counts[0]));
                    counts = counts[1..];
                    break;
                case JsonTokenType.StartArray:
                    output.Advance(MessagePackHeaders.Array(header, counts[0]));
                    counts = counts[1..];
                    break;
                case JsonTokenType.PropertyName or JsonTokenType.String:
                    WriteText(ref reader, output);
                    break;
                case JsonTokenType.Number:
                    output.Advance(WriteNumber(ref reader, header));
                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    header[0] = reader.TokenType == JsonTokenType.True ? MessagePackHeaders.True : MessagePackHeaders.False;
                    output.Advance(1);
                    break;
                case JsonTokenType.Null:
                    header[0] = MessagePackHeaders.Nil;
                    output.Advance(1);
                    break;
                default:
                    break;
            }
        }

        return true;
    }

    private static void WriteText(ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        var raw = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            WriteText(raw, output);
            return;
        }

        // Its header depends on the length without escapes.
        var text = ArrayPool<byte>.Shared.Rent(raw.Length);
        WriteText(text.AsSpan(0, JsonText.Unescape(raw, text)), output);
        ArrayPool<byte>.Shared.Return(text);
    }

    private static void WriteText(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        var destination = output.GetSpan(MessagePackHeaders.Longest + text.Length);
        var header = MessagePackHeaders.Text(destination, text.Length);
        text.CopyTo(destination[header..]);
        output.Advance(header + text.Length);
    }

    private static int WriteNumber(ref Utf8JsonReader reader, Span<byte> destination)
    {
        var digits = reader.ValueSpan;
        if (digits.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0 && !digits.SequenceEqual("-0"u8))
        {
            if (reader.TryGetInt64(out var integer))
            {
                return MessagePackHeaders.Integer(destination, integer);
            }

            if (reader.TryGetUInt64(out var unsigned))
            {
                return MessagePackHeaders.Unsigned(destination, unsigned);
            }
        }

        // 1e400 reads as infinity.
        _ = reader.TryGetDouble(out var value);
        return MessagePackHeaders.Float(destination, Math.Clamp(value, double.MinValue, double.MaxValue));
    }
}
