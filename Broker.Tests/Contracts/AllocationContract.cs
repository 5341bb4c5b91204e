using System.Buffers;
using Broker.Protocol.Wire;
using Broker.Tests.Support;

namespace Broker.Tests.Contracts;

/// <summary>What the message path allocates once it is warm: nothing, in every format.</summary>
/// <param name="format">Writes the frames, which are shown in JSON.</param>
public abstract class AllocationContract(FormatSample format)
{
    private IWireCodec Codec => format.Codec;

    [Theory]
    [InlineData("""{"type":"publish","topic":"chat.1","data":{"text":"hello \ud83d\ude00","a":[1,2,{"b":null}]},"id":7,"echo":false}""")]
    [InlineData("""{"type":"publish","topic":"chat.1","data":"x","id":"request-1"}""")]
    [InlineData("""{"type":"publish","topic":"map.1","entry":"p7","remove":true,"if":{"epoch":"e1","offset":10},"id":2}""")]
    [InlineData("""{"type":"subscribe","topic":"chat.1","recover":{"epoch":"e1","offset":10},"last":5,"id":1}""")]
    [InlineData("""[{"type":"publish","topic":"a","data":1},{"type":"publish","topic":"b","data":2},{"type":"ping"}]""")]
    public void Decoding_allocates_nothing(string frame)
    {
        ReadOnlyMemory<byte> bytes = format.Encode(frame);
        var list = new ClientMessageList();

        Assert.Equal(0, Allocated(() => Codec.Decode(bytes, list)));
    }

    [Fact]
    public void Decoding_a_map_with_many_keys_allocates_nothing()
    {
        var keys = string.Join(',', Enumerable.Range(0, 300).Select(i => $"\"k{i}\":{{\"\\u0061\":0}}"));
        ReadOnlyMemory<byte> bytes = format.Encode($$$"""{"type":"publish","topic":"a","data":{{{{keys}}}}}""");
        var list = new ClientMessageList();

        Assert.Equal(0, Allocated(() => Codec.Decode(bytes, list)));
    }

    [Fact]
    public void Measuring_and_writing_a_push_allocates_nothing()
    {
        var topic = "chat.1"u8.ToArray();
        var data = format.Encode("""{"text":"hello"}""");
        var user = "b\"ob"u8.ToArray();
        var destination = new byte[256];

        Assert.Equal(0, Allocated(() =>
        {
            var push = new PushMessage(topic, data) { Offset = 5, FromUser = user, FromConnection = topic, Time = 1 };
            _ = Codec.WriteMessage(destination.AsSpan(0, Codec.MeasureMessage(push)), push);
            var removed = new PushMessage(topic, default) { Offset = 6, Entry = user, Removed = Removal.Expired };
            _ = Codec.WriteMessage(destination.AsSpan(0, Codec.MeasureMessage(removed)), removed);
        }));
    }

    [Fact]
    public void Writing_a_push_once_more_allocates_nothing()
    {
        var push = format.Encode("""{"type":"message","topic":"chat.1","data":{"text":"hello"}}""");
        var output = new ArrayBufferWriter<byte>(256);

        Assert.Equal(0, Allocated(() =>
        {
            output.ResetWrittenCount();
            _ = Codec.TryWriteWithPattern(output, push, "chat.*"u8);
            output.ResetWrittenCount();
            _ = Codec.TryWriteWithOffset(output, push, 1_000_000);
        }));
    }

    [Fact]
    public void Writing_a_reply_allocates_nothing()
    {
        var output = new ArrayBufferWriter<byte>(256);
        Assert.True(WireId.TryCreate(7, out var id));
        ReadOnlyMemory<byte> topic = "chat.1"u8.ToArray();
        var position = new WirePosition(topic, 7);
        var members = new[] { new PresenceMember(topic, format.Encode("[1]")) };
        var pushes = new ReadOnlyMemory<byte>[] { format.Encode("""{"type":"message","topic":"chat.1","data":{"text":"hello"}}""") };

        Assert.Equal(0, Allocated(() =>
        {
            output.ResetWrittenCount();
            Codec.Write(output, new PublishedMessage(id, topic) { Position = position, Copies = 2 });
            output.ResetWrittenCount();
            Codec.Write(output, new HistoryMessage(id, topic, position, pushes, false));
            output.ResetWrittenCount();
            Codec.Write(output, new MembersMessage(topic, true, members));
            output.ResetWrittenCount();
            Codec.Write(output, new ErrorMessage(ErrorCode.RateLimited, id) { RetryAfter = 10 });
        }));
    }

    private static long Allocated(Action action)
    {
        for (var i = 0; i < 100; i++)
        {
            action();
        }

        return ThreadAllocation.Least(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                action();
            }
        });
    }
}
