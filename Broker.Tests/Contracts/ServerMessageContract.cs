using System.Buffers;
using Broker.Protocol.Wire;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Contracts;

/// <summary>Every server message in every format: keys, their order, and when optional ones are left out.</summary>
/// <param name="format">Shows what was written as JSON.</param>
public abstract class ServerMessageContract(FormatSample format)
{
    [Fact]
    public void Welcome_of_a_connection_that_must_authenticate()
    {
        var message = new WelcomeMessage("c1", "n1", 1700000000000, AuthState.Required, 25000, new WelcomeLimits(65536, 128, 60, 120));

        Assert.Equal(
            """{"type":"welcome","connection":"c1","node":"n1","version":1,"time":1700000000000,"auth":"required","heartbeat":25000,"""
            + """ "limits":{"message":65536,"subscriptions":128,"rate":60,"burst":120}}""".TrimStart(),
            format.Written((codec, output) => codec.Write(output, message)));
    }

    [Fact]
    public void Welcome_of_an_authenticated_connection_with_a_greeting()
    {
        var message = new WelcomeMessage("c1", "n1", 1, AuthState.Done, 25000, new WelcomeLimits(1, 2, 3, 4))
        {
            User = "zoë \"z\"",
            Expires = 1700000003600000,
            Message = "line\nline \u0001",
        };

        Assert.Equal(
            """{"type":"welcome","connection":"c1","node":"n1","version":1,"time":1,"auth":"done","user":"zoë \"z\"","""
            + """ "expires":1700000003600000,"heartbeat":25000,"limits":{"message":1,"subscriptions":2,"rate":3,"burst":4},""".TrimStart()
            + """ "message":"line\nline \u0001"}""".TrimStart(),
            format.Written((codec, output) => codec.Write(output, message)));
    }

    [Fact]
    public void Welcome_of_an_anonymous_connection_says_optional() =>
        Assert.Contains(
            "\"auth\":\"optional\",\"heartbeat\"",
            format.Written((codec, output) => codec.Write(output, new WelcomeMessage("c", "n", 1, AuthState.Optional, 1, default))),
            StringComparison.Ordinal);

    [Fact]
    public void Authenticated_repeats_the_id_and_carries_user_expiry_and_info()
    {
        Assert.Equal(
            """{"type":"authenticated","id":7,"user":"bob","expires":1700000000000,"info":{"name":"Bob"}}""",
            format.Written((codec, output) => codec.Write(
                output, new AuthenticatedMessage(Number(7), "bob", 1700000000000) { Info = format.Encode("""{"name":"Bob"}""") })));
        Assert.Equal(
            """{"type":"authenticated","user":"bob","expires":null}""",
            format.Written((codec, output) => codec.Write(output, new AuthenticatedMessage(default, "bob", null))));
    }

    [Fact]
    public void Subscribed_leaves_out_what_it_does_not_know()
    {
        Assert.Equal(
            """{"type":"subscribed","id":"s","topic":"a"}""",
            format.Written((codec, output) => codec.Write(output, new SubscribedMessage(Named("s"), Bytes("a")))));
        Assert.Equal(
            """{"type":"subscribed","id":0,"topic":"a","epoch":"e","offset":42,"recovered":true}""",
            format.Written((codec, output) => codec.Write(
                output,
                new SubscribedMessage(Number(0), Bytes("a")) { Position = new WirePosition(Bytes("e"), 42), Recovered = true })));
        Assert.Equal(
            """{"type":"subscribed","topic":"$user","recovered":false,"reason":"server"}""",
            format.Written((codec, output) => codec.Write(
                output, new SubscribedMessage(default, Bytes("$user")) { Recovered = false, Reason = "server" })));
    }

    [Fact]
    public void Unsubscribed_carries_the_reason_of_the_server()
    {
        Assert.Equal(
            """{"type":"unsubscribed","id":9007199254740991,"topic":"a"}""",
            format.Written((codec, output) => codec.Write(output, new UnsubscribedMessage(Number(9007199254740991), Bytes("a")))));
        Assert.Equal(
            """{"type":"unsubscribed","topic":"a","reason":"forbidden"}""",
            format.Written((codec, output) => codec.Write(output, new UnsubscribedMessage(default, Bytes("a")) { Reason = "forbidden" })));
    }

    [Fact]
    public void Published_names_the_topic() =>
        Assert.Equal(
            """{"type":"published","id":"\"é\\","topic":"a.b"}""",
            format.Written((codec, output) => codec.Write(output, new PublishedMessage(Named("\"é\\"), Bytes("a.b")))));

    [Fact]
    public void Gap_names_the_topic() =>
        Assert.Equal(
            """{"type":"gap","topic":"a"}""",
            format.Written((codec, output) => codec.Write(output, new GapMessage(Bytes("a")))));

    [Fact]
    public void Gap_of_a_pattern_names_it_as_such() =>
        Assert.Equal(
            """{"type":"gap","topic":"a.*","pattern":"a.*"}""",
            format.Written((codec, output) => codec.Write(output, new GapMessage(Bytes("a.*")) { Pattern = Bytes("a.*") })));

    [Fact]
    public void Push_to_a_pattern_has_the_pattern_behind_all_else()
    {
        var push = format.Encode("""{"type":"message","topic":"a.b","data":{"x":[]},"from":{"user":null,"connection":"c"},"time":5}""");

        Assert.Equal(
            """{"type":"message","topic":"a.b","data":{"x":[]},"from":{"user":null,"connection":"c"},"time":5,"pattern":"a.*"}""",
            format.Written((codec, output) => Assert.True(codec.TryWriteWithPattern(output, push, "a.*"u8))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("]")]
    public void What_is_no_map_gets_no_pattern(string bytes)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.False(format.Codec.TryWriteWithPattern(output, Bytes(bytes).Span, "a.*"u8));
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void Pong_carries_the_time() =>
        Assert.Equal(
            """{"type":"pong","id":1,"time":1700000000000}""",
            format.Written((codec, output) => codec.Write(output, new PongMessage(Number(1), 1700000000000))));

    [Fact]
    public void Disconnecting_carries_the_close_to_come() =>
        Assert.Equal(
            """{"type":"disconnecting","code":1013,"reason":"slow consumer","reconnect":true,"after":1500}""",
            format.Written((codec, output) => codec.Write(output, new DisconnectingMessage(DisconnectReasons.SlowConsumer, 1500))));

    [Fact]
    public void Error_has_the_text_of_its_code_unless_given_one()
    {
        Assert.Equal(
            """{"type":"error","code":"invalid_json","error":"Invalid JSON"}""",
            format.Written((codec, output) => codec.Write(output, new ErrorMessage(ErrorCode.InvalidJson))));
        Assert.Equal(
            """{"type":"error","id":3,"code":"rate_limited","error":"Rate limit exceeded","topic":"a\u0000\"","retryAfter":250}""",
            format.Written((codec, output) => codec.Write(
                output, new ErrorMessage(ErrorCode.RateLimited, Number(3)) { Topic = Bytes("a\0\""), RetryAfter = 250 })));
        Assert.Equal(
            """{"type":"error","code":"unsupported","error":"no history here"}""",
            format.Written((codec, output) => codec.Write(output, new ErrorMessage(ErrorCode.Unsupported) { Text = "no history here" })));
    }

    [Fact]
    public void Error_without_a_code_is_a_bug_and_throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => format.Written((codec, output) => codec.Write(output, new ErrorMessage(ErrorCode.None))));

    [Fact]
    public void Push_is_type_topic_data_and_nothing_else_by_default() =>
        Assert.Equal("""{"type":"message","topic":"chat.1","data":{"a":1}}""", Pushed(new PushMessage("chat.1"u8, format.Encode("""{"a":1}"""))));

    [Fact]
    public void Push_with_everything_keeps_the_order() =>
        Assert.Equal(
            """{"type":"message","topic":"a","data":null,"offset":12,"from":{"user":"b\"ob","connection":"c1","info":[1]},"time":1700000000000}""",
            Pushed(new PushMessage("a"u8, format.Encode("null"))
            {
                Offset = 12,
                FromUser = "b\"ob"u8,
                FromConnection = "c1"u8,
                FromInfo = format.Encode("[1]"),
                Time = 1700000000000,
            }));

    [Fact]
    public void Push_of_an_anonymous_sender_has_no_user() =>
        Assert.Equal(
            """{"type":"message","topic":"a","data":1,"from":{"user":null,"connection":"c1"}}""",
            Pushed(new PushMessage("a"u8, format.Encode("1")) { FromConnection = "c1"u8 }));

    [Fact]
    public void Push_into_too_small_a_span_throws() =>
        Assert.ThrowsAny<ArgumentException>(() => format.Codec.WriteMessage(new byte[20], new PushMessage("a"u8, format.Encode("1"))));

    [Fact]
    public void Lone_surrogate_in_a_text_of_the_server_leaves_as_valid_utf8() =>
        Assert.Equal(
            """{"type":"unsubscribed","topic":"a","reason":"x""" + "\uFFFD\"}",
            format.Written((codec, output) => codec.Write(output, new UnsubscribedMessage(default, Bytes("a")) { Reason = "x\uD800" })));

    [Fact]
    public void Long_text_is_written_whole()
    {
        var greeting = new string('é', 5000);
        var message = new WelcomeMessage("c", "n", 1, AuthState.Done, 1, default) { Message = greeting };

        Assert.EndsWith("\"message\":\"" + greeting + "\"}", format.Written((codec, output) => codec.Write(output, message)), StringComparison.Ordinal);
    }

    private string Pushed(in PushMessage push)
    {
        var bytes = new byte[format.Codec.MeasureMessage(push)];
        Assert.Equal(bytes.Length, format.Codec.WriteMessage(bytes, push));
        return format.Show(bytes);
    }
}
