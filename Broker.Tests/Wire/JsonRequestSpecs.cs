using Broker.Protocol.Wire;
using Broker.Tests.Contracts;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Wire;

/// <summary>The contract of requests, and what is JSON's own: spellings, escapes, and values kept as they were written.</summary>
public sealed class JsonRequestSpecs() : RequestContract(FormatSample.Json)
{
    [Theory]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("0")]
    [InlineData("-1.50e+3")]
    [InlineData("1e400")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("\"\"")]
    [InlineData("\"a\\n\\u00e9\\ud83d\\ude00 \uD83D\uDE00\\/\"")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("[ [ ] , { \"\" : null } ]")]
    public void Data_of_any_kind_is_kept_as_it_was_written(string data)
    {
        var message = Single($$"""{"type":"publish","data":  {{data}} ,"topic":"a"}""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.True(message.HasData);
        Assert.Equal(data, Text(message.Data));
    }

    [Fact]
    public void Slices_stand_where_the_frame_has_them()
    {
        var frame = """{"type":"publish","topic":"chat.1","data":"hello"}"""u8.ToArray();
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.None, JsonWireCodec.Instance.Decode(frame, list));

        Assert.True(frame.AsSpan().Overlaps(list[0].Topic.Span, out var topicAt));
        Assert.True(frame.AsSpan().Overlaps(list[0].Data.Span, out var dataAt));
        Assert.Equal(27, topicAt); // {"type":"publish","topic":" is 27 bytes
        Assert.Equal(42, dataAt);
    }

    [Fact]
    public void Keys_come_in_any_order_and_with_any_spelling_of_their_letters()
    {
        var message = Single("""{"d\u0061ta":1,"\u0074opic":"a\u002eb","id":"\u0069d","type":"pu\u0062lish"}""");

        Assert.Equal(ErrorCode.None, message.Error);
        Assert.Equal(ClientMessageType.Publish, message.Type);
        Assert.Equal("a.b", Text(message.Topic));
        Assert.Equal(Named("id"), message.Id);
    }

    [Fact]
    public void Escapes_are_undone_in_text_and_left_in_data()
    {
        var message = Single("""{"type":"publish","topic":"\ud83d\ude00\"\\\/\b\f\n\r\té","data":"\ud83d\ude00"}""");

        Assert.Equal("\U0001F600\"\\/\b\f\n\r\té", Text(message.Topic));
        Assert.Equal("""
            "\ud83d\ude00"
            """, Text(message.Data));
    }
}
