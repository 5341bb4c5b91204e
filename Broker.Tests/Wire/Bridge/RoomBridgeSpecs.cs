using System.Buffers;
using System.Text;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;
using Broker.Tests.Contracts;

namespace Broker.Tests.Wire.Bridge;

/// <summary>What a room says is written once, in the room's format, and carried to the other: both read the same.</summary>
public sealed class RoomBridgeSpecs
{
    /// <summary>Each writes a message with the values of a format.</summary>
    private static readonly Action<FormatSample, IBufferWriter<byte>>[] Messages =
    [
        static (format, output) => format.Codec.Write(output, new RoomJoinedMessage(WireSamples.Number(1), "r", "k", "p", "t", 1, 1L << 40, 62.5, 30_000)
        {
            State = format.Encode("""{"state":{"data":[1,{"x":"y"}]}}"""),
            Players = [new RoomSeatInfo("p", true, format.Encode("""{"name":["zoë"]}""")), new RoomSeatInfo("q", false, default)],
        }),
        static (format, output) => format.Codec.Write(output, new RoomJoinedMessage(default, "r", "k", "p", "t", 1, 0, 50, 0)),
        static (format, output) => format.Codec.Write(output, new RoomLeftMessage(WireSamples.Named("l"), "r", "ended")),
        static (format, output) => format.Codec.Write(output, new RoomStateMessage(default, "r", 2, 300, 1700000000000, "resumed", format.Encode("""{"data":{"data":[null,1.5]}}"""))),
        static (format, output) => format.Codec.Write(output, new RoomStateMessage(default, "r", 2, 300, 1, "restored", default)),
        static (format, output) => format.Codec.Write(output, new RoomEventMessage("r", "sh\"ot", "p", format.Encode("""[{"data":"AQID"},-70000,true]"""))),
        static (format, output) => format.Codec.Write(output, new RoomEventMessage("r", "", null, default)),
        static (format, output) => format.Codec.Write(output, new RoomPlayerMessage("r", "p", "returned", format.Encode("""{"n":{"a":[]}}"""))),
        static (format, output) => format.Codec.Write(output, new RoomPausedMessage("r")),
        static (format, output) => format.Codec.Write(output, new ResultMessage(WireSamples.Number(9), format.Encode("""{"a":[[]]}"""))),
        static (format, output) => format.Codec.Write(output, new RoomListMessage(WireSamples.Number(9), [new RoomListEntry("r", "k", 1, 200, 70_000, true, new Dictionary<string, string> { ["a"] = "\n" })]) { After = "r" }),
        static (format, output) => format.Codec.Write(output, new MatchWaitingMessage(WireSamples.Number(9), "k")),
        static (format, output) => format.Codec.Write(output, new MatchFoundMessage("k", "r", "t")),
        static (format, output) => format.Codec.Write(output, new ErrorMessage(ErrorCode.Failed, WireSamples.Number(9)) { Reason = "no", Data = format.Encode("""{"data":[1]}""") }),
    ];

    public static TheoryData<int> All => [.. Enumerable.Range(0, Messages.Length)];

    [Theory]
    [MemberData(nameof(All))]
    public void A_carried_message_is_what_the_other_codec_would_have_written(int message)
    {
        var (json, binary) = (Written(message, FormatSample.Json), Written(message, FormatSample.MessagePack));

        Assert.Equal(binary, Carry(json, WireFormat.Json));
        Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(Carry(binary, WireFormat.MessagePack)));
    }

    [Fact]
    public void Bytes_that_are_all_of_data_are_marked_and_those_inside_a_state_are_not()
    {
        byte[] bytes = [0xc4, 0x03, 1, 2, 3];
        var codec = MessagePackWireCodec.Instance;
        Assert.Equal(
            """{"type":"room.event","room":"r","name":"n","data":"AQID","encoding":"base64"}""", Carried(output => codec.Write(output, new RoomEventMessage("r", "n", null, bytes))));
        Assert.Equal(
            """{"type":"room.event","room":"r","data":["AQID"]}""", Carried(output => codec.Write(output, new RoomEventMessage("r", "", null, new byte[] { 0x91, 0xc4, 0x03, 1, 2, 3 }))));
        Assert.Equal(
            """{"type":"result","data":"AQID","encoding":"base64"}""", Carried(output => codec.Write(output, new ResultMessage(default, bytes))));
        Assert.Equal(
            """{"type":"room.joined","room":"r","kind":"k","player":"p","token":"t","generation":1,"tick":0,"step":0,"state":"AQID","players":[{"player":"p","connected":true,"data":"AQID"}],"grace":0}""",
            Carried(output => codec.Write(output, new RoomJoinedMessage(default, "r", "k", "p", "t", 1, 0, 0, 0) { State = bytes, Players = [new RoomSeatInfo("p", true, bytes)] })));
    }

    private static byte[] Written(int message, FormatSample format)
    {
        var output = new ArrayBufferWriter<byte>();
        Messages[message](format, output);
        return output.WrittenSpan.ToArray();
    }

    private static string Carried(Action<ArrayBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return Encoding.UTF8.GetString(Carry(output.WrittenSpan, WireFormat.MessagePack));
    }

    private static byte[] Carry(ReadOnlySpan<byte> push, WireFormat from)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(WireBridge.TryCarryPush(push, from, output));
        return output.WrittenSpan.ToArray();
    }
}
