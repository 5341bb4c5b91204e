using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Broker.Protocol.Wire;
using CsCheck;

namespace Broker.Tests.Wire;

/// <summary>The codec against the runtime's own document reader, on frames that are nearly right.</summary>
public sealed class JsonPropertySpecs
{
    private static readonly string[] Seeds =
    [
        """{"type":"publish","id":12,"topic":"chat.1","data":{"text":"h\u00e9\ud83d\ude00","n":[1,-2.5e3,true,null]},"echo":false}""",
        """[{"type":"subscribe","topic":"a","recover":{"epoch":"e","offset":3},"last":10},{"type":"ping","id":"x"}]""",
        """{"type":"auth","token":"aaa.bbb.ccc"}""",
        """ { "a" : { "b" : { "a" : [ { } , [ ] ] } } , "\u0061b" : "" } """,
        "{\"type\":\"call\",\"method\":\"m\",\"data\":{" + string.Join(',', Enumerable.Range(0, 24).Select(i => $"\"k{i}\":{i}")) + "}}",
    ];

    private static readonly string[] Splices =
    [
        "\"", "\\", "\\ud800", "\\udc00", "\\u0061", "{", "}", "[", "]", ",", ":", "{}", "[]", "\"a\":", "\"type\":", "null", "1e400",
        "-", "0", ".", "\uFEFF", "\u2028", "é", "//", "/**/", " ", "\n", "\0", "\"k1\":1,", "\"a\":1,", "[[[[[[[[", "{\"a\":", "]]]]",
    ];

    private static readonly Gen<byte[]> Mutated =
        from seed in Gen.OneOf(Seeds)
        from edits in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1000], Gen.Int[0, 12], Gen.OneOf(Splices), Gen.Byte).Array[0, 4]
        select edits.Aggregate(Encoding.UTF8.GetBytes(seed), Edit);

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 6],
        Gen.String[Gen.Char['\0', '\uFFFF'], 0, 6],
        Gen.OneOf("a", "\uD83D\uDE00", "\"\\\u0001", "é"));

    [Fact]
    public void Frame_is_valid_exactly_if_a_strict_document_reader_takes_it() =>
        Mutated.Sample(
            frame =>
            {
                var error = JsonWireCodec.Instance.Decode(frame, new ClientMessageList());
                return (error != ErrorCode.InvalidJson) == IsStrictJson(frame);
            },
            iter: 20_000);

    [Fact]
    public void Random_bytes_never_throw_and_leave_nothing_behind() =>
        Gen.Byte.Array[0, 64].Sample(
            frame =>
            {
                var list = new ClientMessageList();
                var error = JsonWireCodec.Instance.Decode(frame, list);
                return (error == ErrorCode.None) == (list.Count > 0) && (error != ErrorCode.InvalidJson) == IsStrictJson(frame);
            },
            iter: 20_000);

    [Fact]
    public void Every_prefix_of_a_valid_frame_is_refused_or_valid_by_itself()
    {
        foreach (var seed in Seeds)
        {
            var frame = Encoding.UTF8.GetBytes(seed);
            for (var length = 0; length < frame.Length; length++)
            {
                var error = JsonWireCodec.Instance.Decode(frame.AsMemory(0, length), new ClientMessageList());
                Assert.Equal(IsStrictJson(frame[..length]), error != ErrorCode.InvalidJson);
            }
        }
    }

    [Fact]
    public void Publish_of_any_value_comes_out_of_a_push_unchanged() =>
        Gen.Select(Value(3), Text, Text.Where(text => Encoding.UTF8.GetByteCount(text) <= 64)).Sample((value, topic, id) =>
        {
            // The serializer replaces lone surrogates, so topic and id are compared with what it made of them.
            var name = JsonSerializer.SerializeToUtf8Bytes(topic);
            var data = JsonSerializer.SerializeToUtf8Bytes(value);
            byte[] frame =
            [
                .. "{\"type\":\"publish\",\"topic\":"u8, .. name, .. ",\"data\":"u8, .. data,
                .. ",\"id\":"u8, .. JsonSerializer.SerializeToUtf8Bytes(id), (byte)'}',
            ];
            var list = new ClientMessageList();
            Assert.Equal(ErrorCode.None, JsonWireCodec.Instance.Decode(frame, list));
            Assert.Equal(ErrorCode.None, list[0].Error);
            Assert.Equal(data, list[0].Data.ToArray());
            Assert.Equal(JsonSerializer.Deserialize<string>(name), Encoding.UTF8.GetString(list[0].Topic.Span));

            var push = new PushMessage(list[0].Topic.Span, list[0].Data.Span)
            {
                FromConnection = list[0].Id.Text.Span,
                FromUser = list[0].Topic.Span,
                Offset = 1,
            };
            var written = new byte[JsonWireCodec.Instance.MeasureMessage(push)];
            Assert.Equal(written.Length, JsonWireCodec.Instance.WriteMessage(written, push));

            using var document = JsonDocument.Parse(written);
            Assert.Equal(JsonSerializer.Deserialize<string>(name), document.RootElement.GetProperty("topic").GetString());
            Assert.Equal(Encoding.UTF8.GetString(data), document.RootElement.GetProperty("data").GetRawText());
            return true;
        });

    private static Gen<object?> Value(int depth)
    {
        var leaf = Gen.OneOf<object?>(
            Text.Select(text => (object?)text),
            Gen.Long.Select(number => (object?)number),
            Gen.Bool.Select(flag => (object?)flag),
            Gen.Const((object?)null));
        return depth == 0
            ? leaf
            : Gen.OneOf(
                leaf,
                Value(depth - 1).Array[0, 4].Select(items => (object?)items),
                Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 0, 3], Value(depth - 1)).Array[0, 20]
                    .Select(pairs => (object?)pairs.DistinctBy(pair => pair.Item1).ToDictionary(pair => pair.Item1, pair => pair.Item2)));
    }

    private static byte[] Edit(byte[] frame, (int Kind, int At, int Length, string Splice, byte Byte) edit)
    {
        var at = frame.Length == 0 ? 0 : edit.At % frame.Length;
        var end = Math.Min(frame.Length, at + edit.Length);
        return edit.Kind switch
        {
            0 => [.. frame[..at], .. Encoding.UTF8.GetBytes(edit.Splice), .. frame[at..]], // insert
            1 => [.. frame[..at], .. frame[end..]], // cut
            2 => [.. frame[..end], .. frame[at..]], // repeat
            _ => [.. frame[..at], edit.Byte, .. frame[Math.Min(frame.Length, at + 1)..]], // overwrite
        };
    }

    private static bool IsStrictJson(byte[] frame)
    {
        if (!Utf8.IsValid(frame))
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(frame, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 64 });
            Touch(document.RootElement);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            // What asking for a string with a lone surrogate throws.
            return false;
        }
    }

    /// <summary>Reads every name and text, but for texts inside the data of a message, in which half a pair of surrogates may stand.</summary>
    private static void Touch(JsonElement frame)
    {
        foreach (var message in frame.ValueKind == JsonValueKind.Array ? frame.EnumerateArray().ToArray() : [frame])
        {
            if (message.ValueKind != JsonValueKind.Object)
            {
                Touch(message, isData: false);
                continue;
            }

            foreach (var member in message.EnumerateObject())
            {
                Touch(member.Value, isData: member.Name == "data");
            }
        }
    }

    private static void Touch(JsonElement element, bool isData)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String when !isData:
                Assert.NotNull(element.GetString());
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Touch(item, isData);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    Assert.NotNull(member.Name);
                    Touch(member.Value, isData);
                }

                break;
            default:
                break;
        }
    }
}
