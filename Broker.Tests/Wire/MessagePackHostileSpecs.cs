using System.Text;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using static Broker.Tests.Wire.MessagePackSamples;

namespace Broker.Tests.Wire;

/// <summary>Frames that are refused as a whole, and that refusing them is cheap.</summary>
public sealed class MessagePackHostileSpecs
{
    private static readonly byte[] Publish = Encode("""{"type":"publish","topic":"a"}""");

    [Theory]
    [InlineData("", "nothing")]
    [InlineData("c1", "never used")]
    [InlineData("81", "a map without its pair")]
    [InlineData("81a474797065", "a key without its value")]
    [InlineData("81a474797065a470696e", "text that is cut off")]
    [InlineData("81a474797065d970", "a length without its text")]
    [InlineData("81a474797065d9", "a code without its length")]
    [InlineData("81a474797065a470696e6700", "a byte behind the message")]
    [InlineData("81a474797065a470696e6781a474797065a470696e67", "two messages")]
    [InlineData("91", "an array without its element")]
    [InlineData("9281a474797065a470696e67", "an array without its second element")]
    public void What_is_not_one_value_is_invalid_message(string hex, string what) => Refused(Convert.FromHexString(hex), what);

    [Theory]
    [InlineData("90")]
    [InlineData("dc0000")]
    [InlineData("c0")]
    [InlineData("c3")]
    [InlineData("01")]
    [InlineData("a0")]
    [InlineData("c40101")]
    [InlineData("cb3ff0000000000000")]
    public void A_value_that_is_no_message_is_invalid_message(string hex) => Refused(Convert.FromHexString(hex), hex);

    [Theory]
    [InlineData("df80000000", "map32 of 2^31")]
    [InlineData("dd80000000", "array32 of 2^31")]
    [InlineData("ddffffffff", "array32 of 2^32-1")]
    [InlineData("dfffffffff", "map32 of 2^32-1")]
    [InlineData("db80000000", "str32 of 2^31")]
    [InlineData("c680000000", "bin32 of 2^31")]
    [InlineData("dbffffffff", "str32 of 2^32-1")]
    [InlineData("c6ffffffff", "bin32 of 2^32-1")]
    [InlineData("dc0fff", "array16 of 4095")]
    [InlineData("de0fff", "map16 of 4095")]
    public void A_declared_size_without_its_bytes_costs_nothing(string header, string what)
    {
        byte[] alone = [.. Convert.FromHexString(header), 0xc0, 0xc0, 0xc0, 0xc0, 0xc0];
        var list = new ClientMessageList();
        MessagePackWireCodec.Instance.Decode(alone, list);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = MessagePackWireCodec.Instance.Decode(alone, list);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(ErrorCode.InvalidMessage, error);

        Refused(Data(alone), what);
        Refused(Data([0x92, 0x01, .. alone]), what);
        Refused(Data([0x81, 0xa1, (byte)'k', .. alone]), what);
    }

    [Theory]
    [InlineData("c0", "nil")]
    [InlineData("01", "integer")]
    [InlineData("c3", "boolean")]
    [InlineData("cb3ff0000000000000", "float")]
    [InlineData("c4016b", "bytes")]
    [InlineData("80", "map")]
    [InlineData("90", "array")]
    public void A_key_that_is_no_text_is_refused_at_every_level(string key, string what)
    {
        byte[] map = [0x81, .. Convert.FromHexString(key), 0x01];
        Refused(map, what);
        Refused(Data(map), what);
        Refused(Data([0x91, 0x91, .. map]), what);
        Refused([0x82, .. Publish[1..12], 0xa1, (byte)'x', .. map], what);
    }

    [Theory]
    [InlineData("ca7fc00000", "float32 NaN")]
    [InlineData("ca7f800000", "float32 infinity")]
    [InlineData("caff800000", "float32 -infinity")]
    [InlineData("cb7ff8000000000000", "float64 NaN")]
    [InlineData("cb7ff0000000000000", "float64 infinity")]
    [InlineData("cbfff0000000000000", "float64 -infinity")]
    [InlineData("d4007f", "fixext 1")]
    [InlineData("d5000000", "fixext 2")]
    [InlineData("d6ff00000000", "timestamp 32")]
    [InlineData("d7ff0000000000000000", "timestamp 64")]
    [InlineData("d80000000000000000000000000000000000", "fixext 16")]
    [InlineData("c7010000", "ext 8")]
    [InlineData("c70cff000000000000000000000000", "timestamp 96")]
    [InlineData("c800010000", "ext 16")]
    [InlineData("c9000000010000", "ext 32")]
    [InlineData("c1", "never used")]
    public void What_the_protocol_has_not_is_refused_wherever_it_stands(string hex, string what)
    {
        var value = Convert.FromHexString(hex);
        Refused(value, what);
        Refused([0x91, .. value], what);
        Refused(Data(value), what);
        Refused(Data([0x91, 0x81, 0xa1, (byte)'k', .. value]), what);
        Refused([0x83, .. Publish[1..], 0xa1, (byte)'x', .. value], what);
    }

    [Theory]
    [InlineData("82a474797065a470696e67a474797065a470696e67", "type twice")]
    [InlineData("82a474797065a470696e67d90474797065a470696e67", "type twice, in another encoding")]
    [InlineData("82a474797065a470696e67a17882a16101a16102", "in a map under an unknown key")]
    public void A_key_that_repeats_is_refused(string hex, string what) => Refused(Convert.FromHexString(hex), what);

    [Fact]
    public void A_key_that_repeats_in_data_is_refused_at_every_level()
    {
        var twice = Convert.FromHexString("82a16101a16102");
        Refused(Data(twice), "in data");
        Refused(Data([0x91, 0x81, 0xa1, (byte)'b', .. twice]), "deeper");
        Accepted(Data(Encode("""{"a":{"a":[{"a":1},{"a":1}]},"data":1,"type":1}""")));
    }

    [Theory]
    [InlineData("a180")]
    [InlineData("a2c080")]
    [InlineData("a3eda080")]
    [InlineData("a4f4908080")]
    [InlineData("a1fe")]
    [InlineData("a2e282")]
    public void Text_that_is_no_utf8_is_refused_wherever_it_stands(string hex)
    {
        var text = Convert.FromHexString(hex);
        Refused(Data(text), hex);
        Refused(Data([0x81, .. text, 0x01]), hex);
        Refused([0x82, .. Publish[1..12], .. text, 0x01], hex);
        Refused([0x81, 0xa4, .. "type"u8, .. text], hex);
    }

    [Fact]
    public void Bytes_need_not_be_utf8() => Accepted(Data([0xc4, 0x02, 0xff, 0xfe]));

    [Fact]
    public void Depth_counts_the_envelope_and_the_array_around_it()
    {
        foreach (var maps in new[] { false, true })
        {
            Accepted(Data(Nested(63, maps)));
            Refused(Data(Nested(64, maps)), "level 65");
            Accepted([0x91, .. Data(Nested(62, maps))]);
            Refused([0x91, .. Data(Nested(63, maps))], "level 65 in an array");
            Refused(Nested(65, maps), "no message");
            Refused(Enumerable.Repeat((byte)(maps ? 0x81 : 0x91), 10_000).ToArray(), "10,000 levels");
        }
    }

    [Fact]
    public void Array_has_at_most_4096_elements()
    {
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.None, MessagePackWireCodec.Instance.Decode(Encode("[" + string.Join(',', Enumerable.Repeat("1", 4096)) + "]"), list));
        Assert.Equal(4096, list.Count);
        Assert.All(Enumerable.Range(0, 4096), i => Assert.Equal(ErrorCode.InvalidMessage, list[i].Error));
        Refused(Encode("[" + string.Join(',', Enumerable.Repeat("1", 4097)) + "]"), "4,097 elements");
    }

    [Fact]
    public void Nothing_of_a_refused_array_is_left_to_act_on()
    {
        var list = new ClientMessageList();
        byte[] frame = [.. Encode("""[{"type":"ping"},{"type":"ping"}]""").AsSpan()[..^1], 0xc1];
        Assert.Equal(ErrorCode.InvalidMessage, MessagePackWireCodec.Instance.Decode(frame, list));
        Assert.Equal(0, list.Count);
    }

    [Fact]
    public void Any_encoding_of_a_length_or_number_is_taken()
    {
        var list = new ClientMessageList();

        // map32 of 3; "type" as str8, "publish" as str32; "topic" as str16, "a" as str8; "id" as str8, 5 as uint64
        var frame = Convert.FromHexString(
            "df00000003" + "d90474797065" + "db000000077075626c697368" + "da0005746f706963" + "d90161" + "d9026964" + "cf0000000000000005");
        Assert.Equal(ErrorCode.None, MessagePackWireCodec.Instance.Decode(frame, list));
        Assert.Equal((ClientMessageType.Publish, "a", "5"), (list[0].Type, Encoding.UTF8.GetString(list[0].Topic.Span), list[0].Id.ToString()));
    }

    // A quadratic search over this many keys takes 10 s and more, a linear one some milliseconds.
    [Fact]
    public void Hundred_thousand_keys_cost_no_more_than_reading_them()
    {
        var keys = Enumerable.Range(0, 100_000).SelectMany(i => (byte[])[0xa6, .. Encoding.ASCII.GetBytes($"{i:d6}"), 0x00]).ToArray();
        var frame = Data([0xdf, 0x00, 0x01, 0x86, 0xa0, .. keys]);
        var repeating = Data([0xdf, 0x00, 0x01, 0x86, 0xa1, .. keys, .. keys[..8]]);
        var start = ThreadTime.Now;
        Accepted(frame);
        Refused(repeating, "the first key again");

        Assert.InRange(ThreadTime.Now - start, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Codec_works_on_after_every_refusal()
    {
        byte[] big = [0xde, 0x00, 0x28, .. Enumerable.Range(0, 40).SelectMany(i => (byte[])[0xa2, .. Encoding.ASCII.GetBytes($"{i:d2}"), 0x00])];
        byte[][] refused = [big[..^1], [.. big, 0x00], [0x82, 0xa1, (byte)'a', .. big, 0xa1, (byte)'a', 0x00]];
        foreach (var frame in refused)
        {
            Refused(frame, "hostile");
            Accepted(Data(big));
        }
    }

    /// <summary>A publish of an encoded value.</summary>
    private static byte[] Data(byte[] value) => [0x83, .. Publish.AsSpan()[1..], 0xa4, .. "data"u8, .. value];

    private static byte[] Nested(int levels, bool maps) =>
        maps
            ? [.. Enumerable.Repeat((byte[])[0x81, 0xa1, (byte)'k'], levels - 1).SelectMany(static level => level), 0x80]
            : [.. Enumerable.Repeat((byte)0x91, levels - 1), 0x90];

    private static void Accepted(byte[] frame)
    {
        var list = new ClientMessageList();
        Assert.Equal(ErrorCode.None, MessagePackWireCodec.Instance.Decode(frame, list));
        Assert.Equal(ErrorCode.None, list[0].Error);
    }

    private static void Refused(byte[] frame, string what)
    {
        var list = new ClientMessageList();
        Assert.True(MessagePackWireCodec.Instance.Decode(frame, list) == ErrorCode.InvalidMessage, what);
        Assert.Equal(0, list.Count);
    }
}
