using System.Text;
using System.Text.Json;
using Broker.Protocol.Wire.Json;
using Broker.Protocol.Wire.MessagePack;

namespace Broker.Protocol.Wire.Bridge;

/// <summary>The texts inside an encoded value: what a person wrote, as opposed to keys and numbers.</summary>
internal static class WireTexts
{
    /// <summary>
    /// Has every text that contains <paramref name="mark"/> replaced, depth first, at any level. Keys, bytes and all other
    /// tokens stay as they are, to the byte.
    /// </summary>
    /// <param name="format">Of <paramref name="value"/>.</param>
    /// <param name="value">One value that the format's codec has accepted.</param>
    /// <param name="mark">An ASCII character.</param>
    /// <param name="replace">What stands instead of a text; null: the value is refused.</param>
    /// <param name="result"><paramref name="value"/> itself where nothing changed.</param>
    /// <returns>False: a text was refused.</returns>
    public static bool TryReplace(
        WireFormat format, ReadOnlyMemory<byte> value, char mark, Func<string, string?> replace, out ReadOnlyMemory<byte> result)
    {
        var texts = new ReplacedTexts(value, mark, replace);
        var accepted = format == WireFormat.Json ? Json(value.Span, texts) : MessagePack(value.Span, texts);
        result = texts.Finish();
        return accepted;
    }

    private static bool Json(ReadOnlySpan<byte> value, ReplacedTexts texts)
    {
        var reader = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = WireLimits.Depth });
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.String || !(reader.ValueIsEscaped || texts.IsMarked(reader.ValueSpan)))
            {
                continue;
            }

            if (!texts.TryReplace(TextOf(reader), out var replaced))
            {
                return false;
            }

            if (replaced is not null)
            {
                // With its quotes.
                texts.Put((int)reader.TokenStartIndex, (int)reader.BytesConsumed, WireFormat.Json, replaced);
            }
        }

        return true;
    }

    private static string TextOf(in Utf8JsonReader reader)
    {
        var text = new byte[reader.ValueSpan.Length];
        return Encoding.UTF8.GetString(text, 0, JsonText.Unescape(reader.ValueSpan, text));
    }

    private static bool MessagePack(ReadOnlySpan<byte> value, ReplacedTexts texts)
    {
        var reader = new MessagePackTokenReader(value);
        return !reader.Next() || MessagePack(ref reader, texts);
    }

    /// <summary>The value at hand to its end. Calls itself once for each level, of which the codec let <see cref="WireLimits.Depth"/> through.</summary>
    private static bool MessagePack(ref MessagePackTokenReader reader, ReplacedTexts texts)
    {
        switch (reader.Kind)
        {
            case MessagePackKind.Text when texts.IsMarked(reader.Content):
                if (!texts.TryReplace(Encoding.UTF8.GetString(reader.Content), out var replaced))
                {
                    return false;
                }

                if (replaced is not null)
                {
                    texts.Put(reader.Start, reader.Position, WireFormat.MessagePack, replaced);
                }

                return true;
            case MessagePackKind.Array:
                return Elements(ref reader, texts, reader.Length, isMap: false);
            case MessagePackKind.Map:
                return Elements(ref reader, texts, reader.Length, isMap: true);
            default:
                return true;
        }
    }

    private static bool Elements(ref MessagePackTokenReader reader, ReplacedTexts texts, int count, bool isMap)
    {
        for (; count > 0; count--)
        {
            if (isMap)
            {
                // The key.
                reader.Next();
            }

            if (reader.Next() && !MessagePack(ref reader, texts))
            {
                return false;
            }
        }

        return true;
    }
}
