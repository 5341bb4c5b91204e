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
    public void Subscribed_with_everything_keeps_the_order()
    {
        var message = new SubscribedMessage(Number(1), Bytes("a"))
        {
            Position = new WirePosition(Bytes("e"), 0),
            Recovered = true,
            Snapshot = 0,
            Presence = new PresenceList(3, 2, [new PresenceMember(Bytes("b\"ob"), format.Encode("""{"n":[1]}""")), new PresenceMember(Bytes("zoë"))]),
            Reason = "server",
        };

        Assert.Equal(
            """{"type":"subscribed","id":1,"topic":"a","epoch":"e","offset":0,"recovered":true,"snapshot":0,"presence":{"connections":3,"users":2,"""
            + """ "members":[{"user":"b\"ob","info":{"n":[1]}},{"user":"zoë"}]},"reason":"server"}""".TrimStart(),
            format.Written((codec, output) => codec.Write(output, message)));
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
    public void Published_names_the_topic_and_where_it_has_one_the_place()
    {
        Assert.Equal(
            """{"type":"published","id":"\"é\\","topic":"a.b"}""",
            format.Written((codec, output) => codec.Write(output, new PublishedMessage(Named("\"é\\"), Bytes("a.b")))));
        Assert.Equal(
            """{"type":"published","id":1,"topic":"a","epoch":"e","offset":9007199254740991,"copies":2}""",
            format.Written((codec, output) => codec.Write(
                output, new PublishedMessage(Number(1), Bytes("a")) { Position = new WirePosition(Bytes("e"), WireLimits.MaxInteger), Copies = 2 })));
    }

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
    public void Gap_of_a_sequenced_topic_says_where_it_goes_on_and_what_is_missing() =>
        Assert.Equal(
            """{"type":"gap","topic":"a","epoch":"e","offset":9,"from":4,"to":8,"presence":true}""",
            format.Written((codec, output) => codec.Write(
                output, new GapMessage(Bytes("a")) { Position = new WirePosition(Bytes("e"), 9), From = 4, To = 8, Presence = true })));

    [Fact]
    public void History_has_its_messages_without_type_and_topic()
    {
        var topic = "a\\\"é"u8;
        ReadOnlyMemory<byte>[] pushes =
        [
            Written(new PushMessage(topic, format.Encode("""{"type":"message","topic":"x"}""")) { Offset = 1 }),
            Written(new PushMessage(topic, default) { Offset = 2, Entry = "n"u8, Removed = Removal.Removed }),
            WithOffset(Written(new PushMessage(topic, format.Encode("null")) { FromConnection = "c"u8, Time = 5 }), 3),
        ];

        Assert.Equal(
            """{"type":"history","id":1,"topic":"a\\\"é","epoch":"e","offset":7,"messages":[{"data":{"type":"message","topic":"x"},"offset":1},"""
            + """ {"offset":2,"entry":"n","removed":true},{"data":null,"from":{"user":null,"connection":"c"},"time":5,"offset":3}],"more":true}""".TrimStart(),
            format.Written((codec, output) => codec.Write(
                output, new HistoryMessage(Number(1), Bytes("a\\\"é"), new WirePosition(Bytes("e"), 7), pushes, true))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(300)]
    public void History_has_any_number_of_messages(int count)
    {
        var pushes = Enumerable.Range(1, count)
            .Select(offset => (ReadOnlyMemory<byte>)Written(new PushMessage("a"u8, format.Encode("0")) { Offset = offset }))
            .ToList();
        var messages = string.Join(',', Enumerable.Range(1, count).Select(static offset => $$"""{"data":0,"offset":{{offset}}}"""));

        Assert.Equal(
            $$"""{"type":"history","topic":"a","epoch":"e","offset":300,"messages":[{{messages}}],"more":false}""",
            format.Written((codec, output) => codec.Write(
                output, new HistoryMessage(default, Bytes("a"), new WirePosition(Bytes("e"), 300), pushes, false))));
    }

    [Theory]
    [InlineData("""{"type":"gap","topic":"a"}""")]
    [InlineData("""{"type":"gap","topic":"a","epoch":"e"}""")]
    [InlineData("""{"type":"message","topic":"a"}""")]
    [InlineData("""{"topic":"a","type":"message","data":1}""")]
    [InlineData("""{"type":"message","data":1,"topic":"a"}""")]
    [InlineData("""[1]""")]
    public void History_of_what_is_no_push_is_a_bug_and_throws(string push) =>
        Assert.Throws<ArgumentException>(() => format.Written((codec, output) => codec.Write(
            output, new HistoryMessage(default, Bytes("a"), new WirePosition(Bytes("e"), 1), [format.Encode(push)], false))));

    [Fact]
    public void History_of_a_push_that_is_cut_off_throws()
    {
        var push = Written(new PushMessage("a\\"u8, format.Encode("1")));
        for (var length = 0; length < push.AsSpan().IndexOf("data"u8) - 2; length++)
        {
            var cut = push[..length];
            Assert.Throws<ArgumentException>(() => format.Written((codec, output) => codec.Write(
                output, new HistoryMessage(default, Bytes("a"), new WirePosition(Bytes("e"), 1), [cut], false))));
        }
    }

    [Fact]
    public void Presence_has_counts_members_and_where_it_goes_on()
    {
        var list = new PresenceList(3_000_000_000, 2, [new PresenceMember(Bytes("bob"), format.Encode("[1]")), new PresenceMember(Bytes("\n"))]);

        Assert.Equal(
            """{"type":"presence","id":"p","topic":"a","connections":3000000000,"users":2,"members":[{"user":"bob","info":[1]},{"user":"\n"}],"after":"\n"}""",
            format.Written((codec, output) => codec.Write(output, new PresenceMessage(Named("p"), Bytes("a"), list) { After = Bytes("\n") })));
        Assert.Equal(
            """{"type":"presence","id":1,"topic":"a","connections":0,"users":0,"members":[]}""",
            format.Written((codec, output) => codec.Write(output, new PresenceMessage(Number(1), Bytes("a"), new PresenceList(0, 0, [])))));
    }

    [Fact]
    public void Unasked_presence_has_counts_alone() =>
        Assert.Equal(
            """{"type":"presence","topic":"a","connections":5000,"users":4000}""",
            format.Written((codec, output) => codec.Write(output, new PresenceMessage(default, Bytes("a"), new PresenceList(5000, 4000, null)))));

    [Fact]
    public void Presence_has_any_number_of_members()
    {
        var members = Enumerable.Range(0, 100).Select(static i => new PresenceMember(Bytes($"u{i}"))).ToList();

        Assert.Equal(
            """{"type":"presence","topic":"a","connections":100,"users":100,"members":["""
            + string.Join(',', Enumerable.Range(0, 100).Select(static i => $$"""{"user":"u{{i}}"}""")) + "]}",
            format.Written((codec, output) => codec.Write(output, new PresenceMessage(default, Bytes("a"), new PresenceList(100, 100, members)))));
    }

    [Fact]
    public void Join_and_leave_name_who_came_and_who_went()
    {
        PresenceMember[] members = [new(Bytes("bob"), format.Encode("""{"n":"B"}""")), new(Bytes("eve"))];

        Assert.Equal(
            """{"type":"join","topic":"a","members":[{"user":"bob","info":{"n":"B"}},{"user":"eve"}]}""",
            format.Written((codec, output) => codec.Write(output, new MembersMessage(Bytes("a"), true, members))));
        Assert.Equal(
            """{"type":"leave","topic":"a","members":[{"user":"eve"}]}""",
            format.Written((codec, output) => codec.Write(output, new MembersMessage(Bytes("a"), false, members[1..]))));
    }

    [Fact]
    public void Push_with_an_offset_has_it_behind_all_else()
    {
        var push = format.Encode("""{"type":"message","topic":"a","data":{"x":[]},"entry":"n","time":5}""");

        Assert.Equal(
            """{"type":"message","topic":"a","data":{"x":[]},"entry":"n","time":5,"offset":9007199254740991}""",
            format.Show(WithOffset(push, WireLimits.MaxInteger)));
    }

    [Fact]
    public void Push_that_got_an_offset_takes_a_pattern_as_well() =>
        Assert.Equal(
            """{"type":"message","topic":"a","data":1,"offset":7,"pattern":"*"}""",
            format.Written((codec, output) => Assert.True(codec.TryWriteWithPattern(
                output, WithOffset(format.Encode("""{"type":"message","topic":"a","data":1}"""), 7), "*"u8))));

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
    public void What_is_no_map_gets_neither_pattern_nor_offset(string bytes)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.False(format.Codec.TryWriteWithOffset(output, Bytes(bytes).Span, 1));
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
            """{"type":"error","id":3,"code":"conflict","error":"In conflict with what is there","topic":"a","epoch":"e","offset":0}""",
            format.Written((codec, output) => codec.Write(
                output, new ErrorMessage(ErrorCode.Conflict, Number(3)) { Topic = Bytes("a"), Position = new WirePosition(Bytes("e"), 0) })));
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
            """{"type":"message","topic":"a","data":null,"offset":12,"entry":"p\"1","from":{"user":"b\"ob","connection":"c1","info":[1]},"time":1700000000000}""",
            Pushed(new PushMessage("a"u8, format.Encode("null"))
            {
                Offset = 12,
                Entry = "p\"1"u8,
                FromUser = "b\"ob"u8,
                FromConnection = "c1"u8,
                FromInfo = format.Encode("[1]"),
                Time = 1700000000000,
            }));

    [Theory]
    [InlineData(Removal.Removed, "true")]
    [InlineData(Removal.Expired, "\"expired\"")]
    public void Push_of_what_is_gone_says_why_and_has_no_data(Removal removal, string expected)
    {
        Assert.Equal(
            $$$"""{"type":"message","topic":"a","offset":3,"entry":"n","removed":{{{expected}}},"from":{"user":null,"connection":"c"},"time":5}""",
            Pushed(new PushMessage("a"u8, default) { Offset = 3, Entry = "n"u8, Removed = removal, FromConnection = "c"u8, Time = 5 }));
        Assert.Equal(
            $$"""{"type":"message","topic":"a","removed":{{expected}}}""",
            Pushed(new PushMessage("a"u8, format.Encode("1")) { Removed = removal }));
    }

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

    private string Pushed(in PushMessage push) => format.Show(Written(push));

    private byte[] Written(in PushMessage push)
    {
        var bytes = new byte[format.Codec.MeasureMessage(push)];
        Assert.Equal(bytes.Length, format.Codec.WriteMessage(bytes, push));
        return bytes;
    }

    private byte[] WithOffset(ReadOnlySpan<byte> push, long offset)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(format.Codec.TryWriteWithOffset(output, push, offset));
        return output.WrittenSpan.ToArray();
    }
}
