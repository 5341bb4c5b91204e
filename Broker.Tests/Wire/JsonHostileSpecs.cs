using System.Text;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Wire;

/// <summary>Frames that are refused as a whole, and that refusing them is cheap.</summary>
public sealed class JsonHostileSpecs
{
    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("hello")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("[")]
    [InlineData("""{"type":"ping"}{"type":"ping"}""")]
    [InlineData("""{"type":"ping"} x""")]
    [InlineData("1 2")]
    [InlineData("""{"type":"ping",}""")]
    [InlineData("""[{"type":"ping"},]""")]
    [InlineData("\uFEFF{\"type\":\"ping\"}")]
    [InlineData("/* c */{\"type\":\"ping\"}")]
    [InlineData("{\"type\":\"ping\"}// c")]
    [InlineData("{'type':'ping'}")]
    [InlineData("{type:\"ping\"}")]
    [InlineData("{\"type\":\"pi\u0001ng\"}")]
    [InlineData("""{"type":"\x"}""")]
    [InlineData("""{"type":"\u00g0"}""")]
    [InlineData("""{"type":"publish","topic":"a","data":01}""")]
    [InlineData("""{"type":"publish","topic":"a","data":NaN}""")]
    [InlineData("""{"type":"publish","topic":"a","data":.5}""")]
    [InlineData("""{"type":"publish","topic":"a","data":}""")]
    [InlineData("""{"type":"publish","topic":"a","data":tru}""")]
    public void What_is_not_one_json_text_is_invalid_json(string frame) =>
        Assert.Equal(ErrorCode.InvalidJson, FrameError(frame));

    [Theory]
    [InlineData("[]")]
    [InlineData(" [ ] ")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("1")]
    [InlineData("1e400")]
    [InlineData("\"\"")]
    [InlineData("\"text\"")]
    public void Json_that_is_no_message_is_invalid_message(string frame) =>
        Assert.Equal(ErrorCode.InvalidMessage, FrameError(frame));

    [Fact]
    public void Element_of_an_array_that_is_no_map_is_wrong_by_itself()
    {
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.None, Decode("""[1,null,[],[{"type":"ping"}],"x",{"type":"ping"}]""", list));

        Assert.Equal(6, list.Count);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal((ErrorCode.InvalidMessage, ClientMessageType.Unknown), (list[i].Error, list[i].Type));
        }

        Assert.Equal(ErrorCode.None, list[5].Error);
    }

    [Theory]
    [InlineData("""[{"type":"ping"},{"type":"ping"]""")]
    [InlineData("""[{"type":"ping"},{"a":1,"a":2}]""")]
    [InlineData("""[{"type":"ping"},"\ud800"]""")]
    [InlineData("""[{"type":"ping"}] []""")]
    public void Nothing_of_a_refused_array_is_left_to_act_on(string frame)
    {
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.InvalidJson, Decode(frame, list));
        Assert.Equal(0, list.Count);
    }

    [Theory]
    [InlineData("""{"topic":"ok","topic":"secret"}""")]
    [InlineData("""{"type":"publish","topic":"ok","data":1,"topic":"secret"}""")]
    [InlineData("""{"type":"publish","topic":"ok","data":1,"t\u006fpic":"secret"}""")]
    [InlineData("""{"type":"publish","topic":"a","data":{"b":{"x":1,"x":1}}}""")]
    [InlineData("""{"type":"publish","topic":"a","data":[[{"x":1,"\u0078":1}]]}""")]
    [InlineData("""{"type":"publish","topic":"a","data":{"":1,"":1}}""")]
    [InlineData("""{"type":"publish","topic":"a","data":{"\n":1,"\u000a":1}}""")]
    [InlineData("""{"type":"ping","unknown":{"x":1,"y":{"x":2},"x":1}}""")]
    [InlineData("""{"type":"subscribe","topic":"a","recover":{"epoch":"e","offset":1,"epoch":"f"}}""")]
    [InlineData("""{"type":"subscribe","topic":"a","recover":{"epoch":"e","offset":1,"z":1,"z":1}}""")]
    public void Key_that_repeats_in_its_map_is_refused_at_every_level(string frame) =>
        Assert.Equal(ErrorCode.InvalidJson, FrameError(frame));

    [Fact]
    public void Same_key_in_different_maps_is_no_repetition() =>
        Assert.Equal(
            ErrorCode.None,
            Single("""{"type":"publish","topic":"t","data":{"type":1,"topic":{"type":1},"data":[{"x":1},{"x":1}]},"x":{"x":{"x":1}}}""").Error);

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\udfff")]
    [InlineData("\\uD83D")]
    [InlineData("\\ude00\\ud83d")]
    [InlineData("\\ud83d\\ud83d\\ude00")]
    [InlineData("\\ud83dx\\ude00")]
    [InlineData("\\ud83d\\n")]
    [InlineData("\\\\\\ud800")]
    [InlineData("x\\ud83d\\u0041")]
    public void Lone_surrogate_is_refused_outside_strings_of_data(string text)
    {
        foreach (var data in new[] { $"\"{text}\"", $$"""[{"k":["{{text}}"]}]""" })
        {
            var message = Single($$"""{"type":"publish","topic":"a","data":{{data}}}""");
            Assert.Equal((ErrorCode.None, data), (message.Error, System.Text.Encoding.UTF8.GetString(message.Data.Span)));
        }

        string[] frames =
        [
            $$$"""{"type":"publish","topic":"a","data":{"{{{text}}}":1}}""",
            $$"""{"type":"publish","topic":"{{text}}","data":1}""",
            $$"""{"type":"{{text}}"}""",
            $$"""{"type":"ping","id":"{{text}}"}""",
            $$"""{"type":"ping","{{text}}":1}""",
            $$"""{"type":"ping","echo":"{{text}}"}""",
            $$$"""{"type":"ping","recover":{"epoch":"{{{text}}}"}}""",
            $$"""["{{text}}"]""",
            $"\"{text}\"",
        ];
        Assert.All(frames, frame => Assert.Equal(ErrorCode.InvalidJson, FrameError(frame)));
    }

    [Theory]
    [InlineData("\\ud83d\\ude00")]
    [InlineData("\\\\ud800")]
    [InlineData("\\uffff\\ufffe\\u0000")]
    [InlineData("\\ud7ff\\ue000")]
    public void Paired_surrogates_and_other_escapes_are_taken(string text) =>
        Assert.Equal(ErrorCode.None, Single($$$"""{"type":"publish","topic":"a","data":{"{{{text}}}":"{{{text}}}"}}""").Error);

    [Theory]
    [InlineData(0x80)]
    [InlineData(0xC0, 0x80)]
    [InlineData(0xED, 0xA0, 0x80)]
    [InlineData(0xF4, 0x90, 0x80, 0x80)]
    [InlineData(0xFE)]
    [InlineData(0xE2, 0x82)]
    public void Bytes_that_are_no_utf8_are_refused(params int[] bytes)
    {
        byte[] frame = [.. """{"type":"publish","topic":"a","data":"""u8, (byte)'"', .. bytes.Select(b => (byte)b), (byte)'"', (byte)'}'];
        Assert.Equal(ErrorCode.InvalidJson, JsonWireCodec.Instance.Decode(frame, new ClientMessageList()));
    }

    [Fact]
    public void Depth_counts_the_envelope_and_the_array_around_it()
    {
        Assert.Equal(ErrorCode.None, Single($$"""{"type":"publish","topic":"a","data":{{Nested(63)}}}""").Error);
        Assert.Equal(ErrorCode.InvalidJson, FrameError($$"""{"type":"publish","topic":"a","data":{{Nested(64)}}}"""));

        Assert.Equal(ErrorCode.None, Single($$"""[{"type":"publish","topic":"a","data":{{Nested(62)}}}]""").Error);
        Assert.Equal(ErrorCode.InvalidJson, FrameError($$"""[{"type":"publish","topic":"a","data":{{Nested(63)}}}]"""));

        Assert.Equal(ErrorCode.None, FrameError(Nested(64)));
        Assert.Equal(ErrorCode.InvalidJson, FrameError(Nested(65)));
        Assert.Equal(ErrorCode.InvalidJson, FrameError(new string('[', 10_000)));
        Assert.Equal(ErrorCode.InvalidJson, FrameError(string.Concat(Enumerable.Repeat("{\"a\":", 10_000))));
    }

    [Fact]
    public void Array_has_at_most_4096_elements()
    {
        Assert.Equal(ErrorCode.None, FrameError("[" + string.Join(',', Enumerable.Repeat("1", 4096)) + "]"));
        Assert.Equal(ErrorCode.InvalidMessage, FrameError("[" + string.Join(',', Enumerable.Repeat("1", 4097)) + "]"));
        Assert.Equal(ErrorCode.InvalidJson, FrameError("[" + string.Join(',', Enumerable.Repeat("1", 4097))));
    }

    // A quadratic search over this many keys takes 10 s and more, a linear one some milliseconds.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hundred_thousand_keys_cost_no_more_than_reading_them(bool escaped)
    {
        var prefix = escaped ? "\\u006b" : "k";
        var keys = string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"{prefix}{i}\":0"));
        var frame = Encoding.UTF8.GetBytes($$$"""{"type":"publish","topic":"a","data":{{{{keys}}}}}""");
        var repeating = Encoding.UTF8.GetBytes($$$"""{"type":"publish","topic":"a","data":{{{{keys}}},"k99999":0}}""");
        var list = new ClientMessageList();

        Assert.Equal(ErrorCode.None, JsonWireCodec.Instance.Decode(frame, list));
        var start = ThreadTime.Now;
        Assert.Equal(ErrorCode.None, JsonWireCodec.Instance.Decode(frame, list));
        Assert.Equal(ErrorCode.InvalidJson, JsonWireCodec.Instance.Decode(repeating, list));
        var taken = ThreadTime.Now - start;

        TestContext.Current.TestOutputHelper?.WriteLine($"{taken.TotalMilliseconds:F1} ms for two frames of {frame.Length} bytes");
        Assert.True(taken < TimeSpan.FromSeconds(2), $"took {taken}");
    }

    [Fact]
    public void Megabyte_of_digits_is_data_but_no_count()
    {
        var digits = new string('7', 1 << 20);

        Assert.Equal(ErrorCode.None, Single($$"""{"type":"publish","topic":"a","data":{{digits}}}""").Error);
        Assert.Equal(ErrorCode.InvalidMessage, Single($$"""{"type":"subscribe","topic":"a","last":{{digits}}}""").Error);
        Assert.Equal(ErrorCode.InvalidMessage, Single($$"""{"type":"ping","id":{{digits}}}""").Error);
        Assert.Equal(ErrorCode.InvalidMessage, Single($$"""{"type":"match.join","kind":"k","skill":{{digits}}}""").Error);
    }

    [Fact]
    public void Codec_works_on_after_every_refusal()
    {
        var bigMap = "{" + string.Join(',', Enumerable.Range(0, 40).Select(i => $"\"k{i}\":0"));
        string[] refused = [bigMap, bigMap + ",\"k1\":0}", "{\"a\":" + bigMap + ",\"k39\":[", "[{\"x\":{\"\\u0078\":\"\\ud800\"}}]"];
        foreach (var frame in refused)
        {
            Assert.Equal(ErrorCode.InvalidJson, FrameError(frame));
            Assert.Equal(ErrorCode.None, Single("{\"type\":\"publish\",\"topic\":\"a\",\"data\":" + bigMap + "}}").Error);
        }
    }
}
