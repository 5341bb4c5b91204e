using System.Text;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;

namespace Broker.Tests.Lanes;

/// <summary>What nodes say to each other about rooms, as bytes.</summary>
public sealed class RoomCodecSpecs
{
    public static TheoryData<int> Inputs => [.. Enumerable.Range(0, SomeInputs.Length)];

    public static TheoryData<int> Pushes => [.. Enumerable.Range(0, SomePushes.Length)];

    private static WireId Text => WireId.TryCreate(Encoding.UTF8.GetBytes("ä-1"), out var id) ? id : default;

    private static WireId Number => WireId.TryCreate(9_007_199_254_740_991, out var id) ? id : default;

    private static RoomInput[] SomeInputs =>
    [
        new(RoomInputKind.Create, "race-0") { Node = uint.MaxValue, Connection = long.MaxValue, Number = 1L << 40, Id = Text, User = "ann", RoomKind = "race", Options = "{}"u8.ToArray(), Data = "[1]"u8.ToArray() },
        new(RoomInputKind.Join, "race-1") { Id = Number, Token = "t", Code = "c", AsSpectator = true, Data = new byte[] { 0x93, 1, 2, 3 }, Format = WireFormat.MessagePack },
        new(RoomInputKind.Send, "") { Name = "größe", To = "", Data = "null"u8.ToArray() },
        new(RoomInputKind.Reserve, "x") { Number = 7 },
    ];

    private static RoomPush[] SomePushes =>
    [
        new(RoomPushKind.All, "race-0", 1) { Payload = "{\"type\":\"room.event\"}"u8.ToArray() },
        new(RoomPushKind.Seated, "race-1", long.MaxValue) { Node = 7, Connection = 8, Number = 9, Token = "abc", Payload = new byte[70_000], Format = WireFormat.MessagePack },
        new(RoomPushKind.Refused, "r", 0) { Error = Enum.GetValues<ErrorCode>()[^1] },
        new(RoomPushKind.NotHere, "r", 0),
    ];

    [Theory]
    [MemberData(nameof(Inputs))]
    public void Input_is_read_as_it_was_written(int index)
    {
        var input = SomeInputs[index];
        Same(input, RoomCodec.DecodeInput(RoomCodec.Encode(input)));
        var (read, push) = RoomCodec.Read(EntryOf(input));
        Same(input, read);
        Assert.Null(push);
    }

    [Theory]
    [MemberData(nameof(Pushes))]
    public void Push_is_read_as_it_was_written(int index)
    {
        var push = SomePushes[index];
        var (input, read) = RoomCodec.Read(EntryOf(push));
        Assert.Null(input);
        Assert.Equal(push with { Payload = default }, read! with { Payload = default });
        Assert.Equal(push.Payload.ToArray(), read.Payload.ToArray());
    }

    [Theory]
    [InlineData(ErrorCode.None, "token")]
    [InlineData(ErrorCode.RoomFull, null)]
    public void Reply_is_read_as_it_was_written(ErrorCode error, string? token)
    {
        var reply = new RoomReply("race-1", 12, error) { Token = token };
        Assert.Equal(reply, RoomCodec.DecodeReply(RoomCodec.Encode(reply)));
    }

    [Fact]
    public void What_is_cut_is_nothing()
    {
        foreach (var whole in SomeInputs.Select(RoomCodec.Encode))
        {
            Assert.All(Enumerable.Range(0, whole.Length), length => Assert.Null(RoomCodec.DecodeInput(whole[..length])));
            Assert.Null(RoomCodec.DecodeInput([.. whole, 0]));
        }

        foreach (var whole in SomePushes.Where(static push => push.Payload.Length < 1000).Select(EntryOf))
        {
            Assert.All(Enumerable.Range(0, whole.Length), length => Assert.Equal((null, null), RoomCodec.Read(whole.AsSpan(0, length))));
        }
    }

    /// <summary>Whatever the bytes: nothing is thrown, and no array is made that is longer than they are.</summary>
    [Fact]
    public void Changed_bytes_are_read_or_refused()
    {
        var random = new Random(5);
        foreach (var whole in SomeInputs.Select(EntryOf).Concat(SomePushes.Where(static push => push.Payload.Length < 1000).Select(EntryOf)))
        {
            for (var n = 0; n < 2000; n++)
            {
                byte[] changed = [.. whole];
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
                var (input, push) = RoomCodec.Read(changed);
                Assert.True(input is null || push is null);
                RoomCodec.DecodeInput(changed);
                RoomCodec.DecodeReply(changed);
            }
        }
    }

    private static void Same(RoomInput expected, RoomInput? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected with { Data = default, Options = default, Id = default }, actual with { Data = default, Options = default, Id = default });
        Assert.Equal(expected.Data.ToArray(), actual.Data.ToArray());
        Assert.Equal(expected.Options.ToArray(), actual.Options.ToArray());
        Assert.Equal(expected.Id, actual.Id);
    }

    private static byte[] EntryOf(RoomInput input)
    {
        var buffer = new MessageBuffer();
        RoomCodec.Write(buffer, input);
        return buffer.Written.ToArray();
    }

    private static byte[] EntryOf(RoomPush push)
    {
        var buffer = new MessageBuffer();
        RoomCodec.Write(buffer, push);
        return buffer.Written.ToArray();
    }
}
