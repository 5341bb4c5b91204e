using System.Buffers;
using System.IO.Compression;
using System.Text;
using Broker.Protocol.Deflate;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Deflate;

public sealed class MessageDeflaterSpecs
{
    private static readonly Gen<byte[]> Message = Gen.OneOf(
        Gen.Byte.Array[0, 300],
        Gen.OneOf((byte)'a', (byte)'b').Array[0, 5000],
        Gen.Int[0, 100_000].Select(length => new byte[length]));

    private static readonly byte[] Json = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 60).Select(i => $$"""{"id":{{i}},"name":"user"},""")));

    [Fact]
    public void Any_message_at_any_level_is_read_back_by_zlib() =>
        Gen.Select(Message, Gen.Enum<CompressionLevel>()).Sample((message, level) =>
            Assert.Equal(message, Zlib.Inflate(Zlib.Written(output => SharedDeflate.Deflate(message, output, level)))));

    [Fact]
    public void Messages_that_share_a_context_are_read_back_in_order() =>
        Gen.Select(Message.Array[1, 8], Gen.Enum<CompressionLevel>()).Sample((messages, level) =>
        {
            using var deflater = new MessageDeflater(level, takeover: true);
            Assert.Equal(messages, Zlib.InflateAll(messages.Select(message => Zlib.Written(output => deflater.Deflate(message, output)))));
        });

    [Fact]
    public void Message_repeated_with_takeover_is_a_reference_and_without_it_is_not()
    {
        using var with = new MessageDeflater(CompressionLevel.Optimal, takeover: true);
        using var without = new MessageDeflater(CompressionLevel.Optimal, takeover: false);
        var first = Zlib.Written(output => with.Deflate(Json, output));
        Assert.InRange(Zlib.Written(output => with.Deflate(Json, output)).Length, 1, first.Length / 3);
        Assert.Equal(Zlib.Written(output => without.Deflate(Json, output)), Zlib.Written(output => without.Deflate(Json, output)));
    }

    [Fact]
    public void Empty_message_is_one_zero_byte()
    {
        Assert.Equal([0], Zlib.Written(output => SharedDeflate.Deflate([], output, CompressionLevel.Fastest)));
        using var deflater = new MessageDeflater(CompressionLevel.Fastest, takeover: true);
        Assert.Equal([0], Zlib.Written(output => deflater.Deflate([], output)));
    }

    [Fact]
    public void Output_that_fails_leaves_the_next_message_whole()
    {
        Assert.Throws<InvalidOperationException>(() => SharedDeflate.Deflate(Json, new FailingWriter(), CompressionLevel.Fastest));
        Assert.Equal(Json, Zlib.Inflate(Zlib.Written(output => SharedDeflate.Deflate(Json, output, CompressionLevel.Fastest))));
    }

    [Fact]
    public void Steady_state_leaves_only_what_the_stream_of_each_call_needs()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using var deflater = new MessageDeflater(CompressionLevel.Fastest, takeover: true);
        Assert.InRange(Allocated(() => SharedDeflate.Deflate(Json, output, CompressionLevel.Fastest)), 0, 256);
        Assert.Equal(0, Allocated(() => deflater.Deflate(Json, output)));

        long Allocated(Action call)
        {
            return ThreadAllocation.Least(() =>
            {
                for (var i = 0; i < 100; i++)
                {
                    output.ResetWrittenCount();
                    call();
                }
            }) / 100;
        }
    }

    private sealed class FailingWriter : IBufferWriter<byte>
    {
        public void Advance(int count) => throw new InvalidOperationException();

        public Memory<byte> GetMemory(int sizeHint = 0) => throw new InvalidOperationException();

        public Span<byte> GetSpan(int sizeHint = 0) => throw new InvalidOperationException();
    }
}
