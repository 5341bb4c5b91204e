using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;
using CsCheck;
using MessagePack;

namespace Broker.Tests.Wire.Bridge;

/// <summary>There and back again, for any value.</summary>
public sealed class WireBridgeProperties
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 40],
        Gen.String[Gen.Char['\0', '\uD7FF'], 0, 8],
        Gen.OneOf("\uD83D\uDE00", "\"\\\u0001/", "é"));

    private static readonly Gen<JsonNode?> Number = Gen.OneOf(
        Gen.Long.Select(static value => (JsonNode?)JsonValue.Create(value)),
        Gen.ULong.Select(static value => (JsonNode?)JsonValue.Create(value)),
        Gen.Double.Where(double.IsFinite).Select(static value => (JsonNode?)JsonValue.Create(value)));

    [Fact]
    public void Json_comes_back_equal_in_value() =>
        Json(3).Sample(
            value =>
            {
                var json = value?.ToJsonString() ?? "null";
                var back = Encoding.UTF8.GetString(Carry(Carry(Encoding.UTF8.GetBytes(json), WireFormat.Json), WireFormat.MessagePack));
                return Same(JsonNode.Parse(json), JsonNode.Parse(back));
            },
            iter: 2_000);

    [Fact]
    public void Messagepack_without_bytes_comes_back_equal_in_bytes() =>
        Json(3).Sample(
            value =>
            {
                var once = Carry(Encoding.UTF8.GetBytes(value?.ToJsonString() ?? "null"), WireFormat.Json);
                var twice = Carry(Carry(once, WireFormat.MessagePack), WireFormat.Json);
                return WholeAsIntegers(once).AsSpan().SequenceEqual(WholeAsIntegers(twice));
            },
            iter: 2_000);

    [Fact]
    public void What_the_bridge_makes_of_json_is_what_the_package_makes_of_it() =>
        Json(3).Sample(
            value =>
            {
                var json = value?.ToJsonString() ?? "null";
                return Carry(Encoding.UTF8.GetBytes(json), WireFormat.Json).AsSpan().SequenceEqual(MessagePackSamples.Encode(json));
            },
            iter: 2_000);

    [Fact]
    public void Random_bytes_never_throw_and_what_is_carried_is_json() =>
        Gen.Byte.Array[0, 64].Sample(
            bytes =>
            {
                var output = new ArrayBufferWriter<byte>();
                if (WireBridge.TryCarry(bytes, WireFormat.MessagePack, output))
                {
                    using var document = JsonDocument.Parse(output.WrittenMemory);
                }

                output.ResetWrittenCount();
                if (WireBridge.TryCarry(bytes, WireFormat.Json, output))
                {
                    Assert.NotEmpty(MessagePackSamples.Show(output.WrittenSpan));
                }
            },
            iter: 20_000);

    private static Gen<JsonNode?> Json(int depth)
    {
        var leaf = Gen.OneOf(
            Number,
            Text.Select(static text => (JsonNode?)JsonValue.Create(text)),
            Gen.Bool.Select(static flag => (JsonNode?)JsonValue.Create(flag)),
            Gen.Const((JsonNode?)null));
        return depth == 0
            ? leaf
            : Gen.OneOf(
                leaf,
                Json(depth - 1).Array[0, 5].Select(static items => (JsonNode?)new JsonArray([.. items.Select(Copy)])),
                Gen.Select(Text, Json(depth - 1)).Array[0, 5].Select(static pairs =>
                    (JsonNode?)new JsonObject(pairs.DistinctBy(static pair => pair.Item1).Select(static pair => KeyValuePair.Create(pair.Item1, Copy(pair.Item2))))));
    }

    // A node has one parent only.
    private static JsonNode? Copy(JsonNode? node) => node?.DeepClone();

    /// <summary>Integers by their digits, other numbers as doubles, everything else as it is; keys keep their order.</summary>
    private static bool Same(JsonNode? a, JsonNode? b) => (a, b) switch
    {
        (null, null) => true,
        (JsonObject x, JsonObject y) => x.Count == y.Count
            && x.Zip(y).All(static pair => pair.First.Key == pair.Second.Key && Same(pair.First.Value, pair.Second.Value)),
        (JsonArray x, JsonArray y) => x.Count == y.Count && x.Zip(y).All(static pair => Same(pair.First, pair.Second)),
        (JsonValue x, JsonValue y) when x.GetValueKind() == JsonValueKind.Number => SameNumber(x.ToJsonString(), y.ToJsonString()),
        (JsonValue x, JsonValue y) => x.GetValueKind() == y.GetValueKind() && x.ToString() == y.ToString(),
        _ => false,
    };

    private static bool SameNumber(string a, string b) =>
        a == b
        || ((a + b).IndexOfAny(['.', 'e', 'E']) >= 0
            && double.Parse(a, CultureInfo.InvariantCulture).Equals(double.Parse(b, CultureInfo.InvariantCulture)));

    /// <summary>A double without fraction comes back from JSON as the integer it is.</summary>
    private static byte[] WholeAsIntegers(byte[] value)
    {
        var reader = new MessagePackReader(value);
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(output);
        while (!reader.End)
        {
            if (reader.NextMessagePackType == MessagePackType.Float)
            {
                var number = reader.ReadDouble();
                if (Math.Abs(number) < 1e15 && number == Math.Floor(number) && !(number == 0 && double.IsNegative(number)))
                {
                    writer.Write((long)number);
                }
                else
                {
                    writer.Write(number);
                }
            }
            else if (reader.NextMessagePackType is MessagePackType.Map)
            {
                writer.WriteMapHeader(reader.ReadMapHeader());
            }
            else if (reader.NextMessagePackType is MessagePackType.Array)
            {
                writer.WriteArrayHeader(reader.ReadArrayHeader());
            }
            else
            {
                writer.WriteRaw(reader.ReadRaw());
            }
        }

        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Carry(ReadOnlySpan<byte> value, WireFormat from)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(WireBridge.TryCarry(value, from, output));
        return output.WrittenSpan.ToArray();
    }
}
