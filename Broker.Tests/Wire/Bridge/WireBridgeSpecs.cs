using System.Buffers;
using System.Text;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;
using static Broker.Tests.Wire.MessagePackSamples;

namespace Broker.Tests.Wire.Bridge;

/// <summary>What each value of one format is in the other.</summary>
public sealed class WireBridgeSpecs
{
    private static readonly ReadOnlyMemory<byte> Topic = WireSamples.Bytes("t");

    [Theory]
    [InlineData("null", "c0")]
    [InlineData(" true ", "c3")]
    [InlineData("0", "00")]
    [InlineData("-1", "ff")]
    [InlineData("128", "cc80")]
    [InlineData("9007199254740993", "cf0020000000000001")]
    [InlineData("9223372036854775807", "cf7fffffffffffffff")]
    [InlineData("9223372036854775808", "cf8000000000000000")]
    [InlineData("18446744073709551615", "cfffffffffffffffff")]
    [InlineData("-9223372036854775808", "d38000000000000000")]
    [InlineData("-0", "cb8000000000000000")]
    [InlineData("0.5", "cb3fe0000000000000")]
    [InlineData("1.0", "cb3ff0000000000000")]
    [InlineData("1e2", "cb4059000000000000")]
    [InlineData("0.1", "cb3fb999999999999a")]
    [InlineData("18446744073709551616", "cb43f0000000000000")]
    [InlineData("-9223372036854775809", "cbc3e0000000000000")]
    [InlineData("1e400", "cb7fefffffffffffff")]
    [InlineData("-1e400", "cbffefffffffffffff")]
    [InlineData("1e-400", "cb0000000000000000")]
    [InlineData("\"\"", "a0")]
    [InlineData("\"a\\n\\u00e9\\ud83d\\ude00\\\\\\/\"", "aa 61 0a c3a9 f09f9880 5c 2f")]
    [InlineData("[]", "90")]
    [InlineData("{}", "80")]
    [InlineData("[[],[1],{\"a\":{}},2]", "949091 0181a161 8002")]
    [InlineData("{\"a\\u0062\":[{\"\":null}]}", "81a26162 9181a0c0")]
    public void Json_becomes_messagepack(string json, string expected)
    {
        var bytes = Carry(Encoding.UTF8.GetBytes(json), WireFormat.Json);
        expected = expected.Replace(" ", "", StringComparison.Ordinal);

        Assert.Equal(expected, Convert.ToHexStringLower(bytes));
    }

    [Theory]
    [InlineData("c0", "null")]
    [InlineData("c2", "false")]
    [InlineData("e0", "-32")]
    [InlineData("d3ffffffffffffffff", "-1")]
    [InlineData("cfffffffffffffffff", "18446744073709551615")]
    [InlineData("d38000000000000000", "-9223372036854775808")]
    [InlineData("cb3fb999999999999a", "0.1")]
    [InlineData("cb3ff0000000000000", "1")]
    [InlineData("cb8000000000000000", "-0")]
    [InlineData("cb7fefffffffffffff", "1.7976931348623157E+308")]
    [InlineData("cb0000000000000001", "5E-324")]
    [InlineData("ca3dcccccd", "0.10000000149011612")]
    [InlineData("a3610a22", "\"a\\n\\\"\"")]
    [InlineData("a26180", null)]
    [InlineData("a301c3a9", "\"\\u0001é\"")]
    [InlineData("c403010203", "\"AQID\"")]
    [InlineData("c400", "\"\"")]
    [InlineData("92c4010190", "[\"AQ==\",[]]")]
    [InlineData("82a16101a16281a0c3", "{\"a\":1,\"b\":{\"\":true}}")]
    [InlineData("8101c0", null)]
    [InlineData("91", null)]
    [InlineData("c7010000", null)]
    [InlineData("cb7ff0000000000000", null)]
    [InlineData("0000", null)]
    public void Messagepack_becomes_json(string hex, string? expected)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(expected is not null, WireBridge.TryCarry(Convert.FromHexString(hex), WireFormat.MessagePack, output));
        if (expected is not null)
        {
            Assert.Equal(expected, Encoding.UTF8.GetString(output.WrittenSpan));
        }
    }

    [Fact]
    public void Top_level_bytes_of_a_push_are_marked_and_nested_ones_are_not()
    {
        Assert.Equal("""{"type":"message","topic":"a","data":"AQID","encoding":"base64","time":5}""", CarryPush([0xc4, 0x03, 1, 2, 3]));
        Assert.Equal("""{"type":"message","topic":"a","data":["AQID"],"time":5}""", CarryPush([0x91, 0xc4, 0x03, 1, 2, 3]));
        Assert.Equal(
            """{"type":"message","topic":"a","data":{"data":"AQID"},"time":5}""",
            CarryPush([0x81, 0xa4, .. "data"u8, 0xc4, 0x03, 1, 2, 3]));
    }

    [Fact]
    public void A_carried_push_is_what_the_other_codec_would_have_written()
    {
        var json = new PushMessage("t"u8, """{"a":[1,"x"],"b":null}"""u8) { FromUser = "bob"u8, FromConnection = "c"u8, FromInfo = "{\"n\":1}"u8, Time = 1700000000000 };
        var data = Encode("""{"a":[1,"x"],"b":null}""");
        var binary = new PushMessage("t"u8, data) { FromUser = "bob"u8, FromConnection = "c"u8, FromInfo = Encode("""{"n":1}"""), Time = 1700000000000 };
        var (asJson, asBinary) = (Written(JsonWireCodec.Instance, json), Written(MessagePackWireCodec.Instance, binary));

        Assert.Equal(asBinary, CarryPush(asJson, WireFormat.Json));
        Assert.Equal(asJson, CarryPush(asBinary, WireFormat.MessagePack));
    }

    [Theory]
    [InlineData(Removal.None)]
    [InlineData(Removal.Removed)]
    [InlineData(Removal.Expired)]
    public void A_push_of_a_sequenced_topic_is_carried_with_all_it_has(Removal removal)
    {
        var json = Written(JsonWireCodec.Instance, new PushMessage("t"u8, "[1]"u8) { Offset = 1L << 40, Entry = "p\"1"u8, Removed = removal, Time = 5 });
        var binary = Written(MessagePackWireCodec.Instance, new PushMessage("t"u8, [0x91, 0x01]) { Offset = 1L << 40, Entry = "p\"1"u8, Removed = removal, Time = 5 });

        Assert.Equal(binary, CarryPush(json, WireFormat.Json));
        Assert.Equal(json, CarryPush(binary, WireFormat.MessagePack));
    }

    [Fact]
    public void An_offset_that_was_added_is_carried_and_may_be_added_to_what_was_carried()
    {
        var json = Written(JsonWireCodec.Instance, new PushMessage("t"u8, "1"u8) { Time = 5 });
        var binary = Written(MessagePackWireCodec.Instance, new PushMessage("t"u8, [0x01]) { Time = 5 });
        var (jsonWith, binaryWith) = (WithOffset(JsonWireCodec.Instance, json), WithOffset(MessagePackWireCodec.Instance, binary));

        Assert.Equal(binaryWith, CarryPush(jsonWith, WireFormat.Json));
        Assert.Equal(jsonWith, CarryPush(binaryWith, WireFormat.MessagePack));
        Assert.Equal(binaryWith, WithOffset(MessagePackWireCodec.Instance, CarryPush(json, WireFormat.Json)));
        Assert.Equal(jsonWith, WithOffset(JsonWireCodec.Instance, CarryPush(binary, WireFormat.MessagePack)));

        static byte[] WithOffset(IWireCodec codec, byte[] push) => Written(output => Assert.True(codec.TryWriteWithOffset(output, push, 300)));
    }

    [Fact]
    public void Bytes_of_a_push_with_an_entry_are_marked_beside_it() =>
        Assert.Equal(
            """{"type":"message","topic":"a","data":"AQ==","encoding":"base64","offset":2,"entry":"n"}""",
            Encoding.UTF8.GetString(CarryPush(
                Written(MessagePackWireCodec.Instance, new PushMessage("a"u8, [0xc4, 0x01, 1]) { Offset = 2, Entry = "n"u8 }), WireFormat.MessagePack)));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_came_and_left_is_carried(bool joined)
    {
        var json = Written(output => JsonWireCodec.Instance.Write(output, new MembersMessage(Topic, joined, Members("""{"data":"x"}"""u8.ToArray()))));
        var binary = Written(output => MessagePackWireCodec.Instance.Write(output, new MembersMessage(Topic, joined, Members(Encode("""{"data":"x"}""")))));

        Assert.Equal(binary, CarryPush(json, WireFormat.Json));
        Assert.Equal(json, CarryPush(binary, WireFormat.MessagePack));
    }

    [Fact]
    public void Counts_of_presence_are_carried()
    {
        var presence = new PresenceMessage(default, Topic, new PresenceList(70_000, 300, null));
        var json = Written(output => JsonWireCodec.Instance.Write(output, presence));
        var binary = Written(output => MessagePackWireCodec.Instance.Write(output, presence));

        Assert.Equal(binary, CarryPush(json, WireFormat.Json));
        Assert.Equal(json, CarryPush(binary, WireFormat.MessagePack));
    }

    [Fact]
    public void Bytes_in_the_info_of_a_member_are_base64_without_a_mark() =>
        Assert.Equal(
            """{"type":"join","topic":"t","members":[{"user":"bob","info":{"data":"AQID"}},{"user":"eve"}]}""",
            Encoding.UTF8.GetString(CarryPush(
                Written(output => MessagePackWireCodec.Instance.Write(
                    output, new MembersMessage(Topic, true, Members([0x81, 0xa4, .. "data"u8, 0xc4, 0x03, 1, 2, 3])))),
                WireFormat.MessagePack)));

    [Fact]
    public void Messages_of_a_history_may_be_carried_ones()
    {
        var push = CarryPush(Written(MessagePackWireCodec.Instance, new PushMessage("t"u8, [0xc4, 0x01, 1]) { Offset = 2 }), WireFormat.MessagePack);
        var history = new HistoryMessage(default, Topic, new WirePosition(Topic, 2), [push], false);

        Assert.Equal(
            """{"type":"history","topic":"t","epoch":"t","offset":2,"messages":[{"data":"AQ==","encoding":"base64","offset":2}],"more":false}""",
            Encoding.UTF8.GetString(Written(output => JsonWireCodec.Instance.Write(output, history))));
    }

    [Fact]
    public void All_levels_that_a_codec_takes_are_carried_and_no_more()
    {
        var taken = Encoding.UTF8.GetBytes(WireSamples.Nested(64));
        Assert.Equal(taken, Carry(Carry(taken, WireFormat.Json), WireFormat.MessagePack));

        var output = new ArrayBufferWriter<byte>();
        Assert.False(WireBridge.TryCarry(Encoding.UTF8.GetBytes(WireSamples.Nested(65)), WireFormat.Json, output));
        Assert.False(WireBridge.TryCarry([.. Enumerable.Repeat((byte)0x91, 64), 0x90], WireFormat.MessagePack, output));
        Assert.False(WireBridge.TryCarry([.. Enumerable.Repeat((byte)0x91, 100_000)], WireFormat.MessagePack, output));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("1 2")]
    public void What_no_codec_lets_through_is_not_carried(string json) =>
        Assert.False(WireBridge.TryCarry(Encoding.UTF8.GetBytes(json), WireFormat.Json, new ArrayBufferWriter<byte>()));

    /// <summary>What <c>JSON.stringify</c> makes of a string that was cut; no UTF-8 can hold it.</summary>
    [Theory]
    [InlineData("\"\\ud83d\"", "A3EFBFBD")]
    [InlineData("\"a\\ude00b\"", "A561EFBFBD62")]
    [InlineData("\"\\ud83d\\ude00\"", "A4F09F9880")]
    [InlineData("\"\\ud83d\\ud83d\\ude00\\n\\u00e9\\\\\"", "ABEFBFBDF09F98800AC3A95C")]
    public void Half_a_pair_of_surrogates_becomes_the_replacement_character(string json, string expected)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(WireBridge.TryCarry(Encoding.UTF8.GetBytes(json), WireFormat.Json, output));
        Assert.Equal(expected, Convert.ToHexString(output.WrittenSpan));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(65536)]
    public void Long_containers_have_long_headers(int count)
    {
        var array = Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Repeat("0", count)) + "]");
        var map = Encoding.UTF8.GetBytes("{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i}\":0")) + "}");

        Assert.Equal(array, Carry(Carry(array, WireFormat.Json), WireFormat.MessagePack));
        Assert.Equal(map, Carry(Carry(map, WireFormat.Json), WireFormat.MessagePack));
    }

    [Fact]
    public void A_megabyte_of_digits_is_a_number_still() =>
        Assert.Equal("cb7fefffffffffffff", Convert.ToHexStringLower(Carry(Encoding.UTF8.GetBytes(new string('7', 1 << 20)), WireFormat.Json)));

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("9101")]
    [InlineData("81")]
    [InlineData("8101c0")]
    [InlineData("81a464617461")]
    [InlineData("81a464617461c1")]
    [InlineData("81a464617461c000")]
    [InlineData("81a464617461a1ff")]
    public void Push_that_no_codec_has_written_is_not_carried(string push) =>
        Assert.False(WireBridge.TryCarryPush(Convert.FromHexString(push), WireFormat.MessagePack, new ArrayBufferWriter<byte>()));

    [Fact]
    public void Carrying_allocates_nothing()
    {
        var json = """{"type":"message","topic":"a","data":{"text":"h\u00e9llo \"you\"","n":[1,2.5,-3,null,true]}}"""u8.ToArray();
        var binary = CarryPush(json, WireFormat.Json);
        var output = new ArrayBufferWriter<byte>(4096);
        Both(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Both(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Both(int times)
        {
            for (var i = 0; i < times; i++)
            {
                output.ResetWrittenCount();
                Assert.True(WireBridge.TryCarryPush(json, WireFormat.Json, output));
                Assert.True(WireBridge.TryCarryPush(binary, WireFormat.MessagePack, output));
            }
        }
    }

    private static byte[] Carry(ReadOnlySpan<byte> value, WireFormat from)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(WireBridge.TryCarry(value, from, output));
        return output.WrittenSpan.ToArray();
    }

    private static byte[] CarryPush(ReadOnlySpan<byte> push, WireFormat from)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(WireBridge.TryCarryPush(push, from, output));
        return output.WrittenSpan.ToArray();
    }

    private static string CarryPush(ReadOnlySpan<byte> data) =>
        Encoding.UTF8.GetString(CarryPush(Written(MessagePackWireCodec.Instance, new PushMessage("a"u8, data) { Time = 5 }), WireFormat.MessagePack));

    private static PresenceMember[] Members(byte[] info) => [new(WireSamples.Bytes("bob"), info), new(WireSamples.Bytes("eve"))];

    private static byte[] Written(Action<ArrayBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Written(IWireCodec codec, in PushMessage push)
    {
        var bytes = new byte[codec.MeasureMessage(push)];
        codec.WriteMessage(bytes, push);
        return bytes;
    }
}
