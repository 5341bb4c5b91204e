using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MessagePack;

namespace Broker.Tests.Wire;

/// <summary>MessagePack by the package of that name: a second opinion on every byte of the codec.</summary>
internal static class MessagePackSamples
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>JSON as MessagePack. A number that no double holds becomes bytes, so that it is no number.</summary>
    public static byte[] Encode(string json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(output);
        Write(ref writer, document.RootElement);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>MessagePack as JSON without white space, numbers in full; bytes as <c>{"$bytes":"hex"}</c>.</summary>
    public static string Show(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes.ToArray());
        var text = new StringBuilder();
        Show(ref reader, text);
        Assert.True(reader.End, "bytes behind the value");
        return text.ToString();
    }

    /// <summary>
    /// Bytes written one field a line: hexadecimal digits, then after two spaces or more what they mean.
    /// </summary>
    public static byte[] Annotated(string lines) =>
        Convert.FromHexString(string.Concat(
            lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(static line => line.Split("  ", 2)[0].Replace(" ", "", StringComparison.Ordinal))));

    private static void Write(ref MessagePackWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteMapHeader(value.GetPropertyCount());
                foreach (var member in value.EnumerateObject())
                {
                    writer.Write(member.Name);
                    Write(ref writer, member.Value);
                }

                break;
            case JsonValueKind.Array:
                writer.WriteArrayHeader(value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                {
                    Write(ref writer, item);
                }

                break;
            case JsonValueKind.Number:
                WriteNumber(ref writer, value);
                break;
            case JsonValueKind.String:
                writer.Write(value.GetString());
                break;
            case JsonValueKind.Null:
                writer.WriteNil();
                break;
            default:
                writer.Write(value.GetBoolean());
                break;
        }
    }

    private static void WriteNumber(ref MessagePackWriter writer, JsonElement value)
    {
        if (value.TryGetInt64(out var integer))
        {
            writer.Write(integer);
        }
        else if (value.TryGetUInt64(out var unsigned))
        {
            writer.Write(unsigned);
        }
        else if (double.IsFinite(value.GetDouble()))
        {
            writer.Write(value.GetDouble());
        }
        else
        {
            writer.Write(Encoding.ASCII.GetBytes(value.GetRawText()));
        }
    }

    private static void Show(ref MessagePackReader reader, StringBuilder text)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Map:
                text.Append('{');
                for (var (i, count) = (0, reader.ReadMapHeader()); i < count; i++)
                {
                    text.Append(i == 0 ? "" : ",").Append(Quoted(reader.ReadString()!)).Append(':');
                    Show(ref reader, text);
                }

                text.Append('}');
                break;
            case MessagePackType.Array:
                text.Append('[');
                for (var (i, count) = (0, reader.ReadArrayHeader()); i < count; i++)
                {
                    text.Append(i == 0 ? "" : ",");
                    Show(ref reader, text);
                }

                text.Append(']');
                break;
            case MessagePackType.Integer:
                text.Append(reader.NextCode == MessagePackCode.UInt64
                    ? reader.ReadUInt64().ToString(CultureInfo.InvariantCulture)
                    : reader.ReadInt64().ToString(CultureInfo.InvariantCulture));
                break;
            case MessagePackType.Float:
                text.Append(reader.ReadDouble().ToString("R", CultureInfo.InvariantCulture));
                break;
            case MessagePackType.String:
                text.Append(Quoted(reader.ReadString()!));
                break;
            case MessagePackType.Binary:
                text.Append($$"""{"$bytes":"{{Convert.ToHexStringLower(reader.ReadBytes()!.Value.ToArray())}}"}""");
                break;
            case MessagePackType.Boolean:
                text.Append(reader.ReadBoolean() ? "true" : "false");
                break;
            default:
                reader.ReadNil();
                text.Append("null");
                break;
        }
    }

    private static string Quoted(string value) => JsonSerializer.Serialize(value, Relaxed);
}
