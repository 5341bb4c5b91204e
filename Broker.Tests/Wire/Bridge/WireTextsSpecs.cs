using System.Text;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Tests.Wire.Bridge;

public sealed class WireTextsSpecs
{
    [Theory]
    [InlineData("""1e400""", """1e400""")]
    [InlineData("""  {"a" : 1.50,  "b":[ true,null ] } """, """  {"a" : 1.50,  "b":[ true,null ] } """)]
    [InlineData("""  "<a>" """, """  "[<a>]" """)]
    [InlineData("""{"<k>":"<v>","n":1.0e5,"x":"y"}""", """{"<k>":"[<v>]","n":1.0e5,"x":"y"}""")]
    [InlineData("""[["<1>"],{"a":{"b":["x","<2>"]}}, 7e-0 ]""", """[["[<1>]"],{"a":{"b":["x","[<2>]"]}}, 7e-0 ]""")]
    [InlineData("""["\u003cb>","\u003Cb>","\u003e\/é\ud83d\ude00"]""", """["[<b>]","[<b>]","\u003e\/é\ud83d\ude00"]""")]
    [InlineData("""["<\"\\\n\u0001\u0000>"]""", """["[<\"\\\n\u0001\u0000>]"]""")]
    [InlineData("""["<é\ud83d\ude00"]""", """["[<é😀]"]""")]
    public void Json_texts_are_replaced_and_all_else_stays_to_the_byte(string value, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(Replaced(WireFormat.Json, Encoding.UTF8.GetBytes(value)).Span));

    [Theory]
    [InlineData("""{"<k>":"<v>","n":1.5,"x":"y"}""", """{"<k>":"[<v>]","n":1.5,"x":"y"}""")]
    [InlineData("""[["<1>"],{"a":{"b":["x","<2>",null,true]}},-7]""", """[["[<1>]"],{"a":{"b":["x","[<2>]",null,true]}},-7]""")]
    [InlineData("\"<0123456789012345678901234567>\"", "\"[<0123456789012345678901234567>]\"")]
    public void MessagePack_texts_are_replaced_and_all_else_stays(string value, string expected) =>
        Assert.Equal(
            Convert.ToHexStringLower(MessagePackSamples.Encode(expected)),
            Convert.ToHexStringLower(Replaced(WireFormat.MessagePack, MessagePackSamples.Encode(value)).Span));

    [Fact]
    public void MessagePack_tokens_keep_the_encoding_they_came_in()
    {
        // array 16 of 3: 1 in 64 bits, bytes "<b>", text 32 "<b>"
        byte[] value = [0xdc, 0, 3, 0xd3, 0, 0, 0, 0, 0, 0, 0, 1, 0xc4, 3, .. "<b>"u8, 0xdb, 0, 0, 0, 3, .. "<b>"u8];
        byte[] expected = [.. value[..17], 0xa5, .. "[<b>]"u8];
        Assert.Equal(expected, Replaced(WireFormat.MessagePack, value).ToArray());
    }

    [Theory]
    [InlineData(WireFormat.Json)]
    [InlineData(WireFormat.MessagePack)]
    public void Value_without_a_change_is_given_back_as_it_is(WireFormat format)
    {
        byte[] value = format == WireFormat.Json ? [.. """["a",{"<":1}]"""u8] : MessagePackSamples.Encode("""["a",{"<":1}]""");
        Assert.True(WireTexts.TryReplace(format, value, '<', static text => text, out var result));
        Assert.True(result.Span == value.AsSpan());
    }

    [Theory]
    [InlineData(WireFormat.Json)]
    [InlineData(WireFormat.MessagePack)]
    public void Refused_text_refuses_the_value(WireFormat format)
    {
        const string Value = """["<1>",{"a":["<2>"]},"<3>"]""";
        var bytes = format == WireFormat.Json ? Encoding.UTF8.GetBytes(Value) : MessagePackSamples.Encode(Value);
        List<string> seen = [];
        Assert.False(WireTexts.TryReplace(format, bytes, '<', Look, out _));
        Assert.Equal(["<1>", "<2>"], seen);

        string? Look(string text)
        {
            seen.Add(text);
            return text == "<2>" ? null : text;
        }
    }

    private static ReadOnlyMemory<byte> Replaced(WireFormat format, byte[] value)
    {
        Assert.True(WireTexts.TryReplace(format, value, '<', static text => $"[{text}]", out var result));
        return result;
    }
}
