using System.Buffers;
using System.IO.Pipelines;
using Broker.Node.Http;
using CsCheck;

namespace Broker.Tests.Http;

public sealed class PrefixedPipeReaderSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_way_of_reading_gives_prefix_and_rest_once() =>
        await Gen.Select(Gen.Int[1, 40], Gen.Int[1, 60].Array[0, 8], Gen.UInt).SampleAsync(async (prefix, chunks, seed) =>
        {
            var all = Enumerable.Range(0, prefix + chunks.Sum()).Select(i => (byte)i).ToArray();
            var pipe = new Pipe();
            var reader = new PrefixedPipeReader(all.AsMemory(0, prefix), pipe.Reader);
            var random = new Random((int)seed);
            var got = new List<byte>();
            var written = prefix;
            var next = 0;
            while (true)
            {
                var (buffer, completed) = await ReadAsync(reader, random);
                var show = buffer.ToArray();
                Assert.Equal(all.AsSpan(got.Count, show.Length).ToArray(), show);
                var consume = random.Next(4) == 0 ? 0 : random.Next(show.Length + 1);
                got.AddRange(show[..consume]);
                var examine = completed || next < chunks.Length ? show.Length : random.Next(consume, show.Length + 1);
                reader.AdvanceTo(buffer.GetPosition(consume), buffer.GetPosition(examine));
                if (completed && consume == show.Length)
                {
                    break;
                }

                if (next < chunks.Length)
                {
                    await pipe.Writer.WriteAsync(all.AsMemory(written, chunks[next]), Cancel);
                    written += chunks[next++];
                }
                else
                {
                    await pipe.Writer.CompleteAsync();
                }
            }

            Assert.Equal(all, got);
            await reader.CompleteAsync();
        });

    [Fact]
    public async Task Cancelled_read_shows_what_there_is()
    {
        var pipe = new Pipe();
        var reader = new PrefixedPipeReader("GE"u8.ToArray(), pipe.Reader);
        var first = await reader.ReadAsync(Cancel);
        reader.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        var pending = reader.ReadAsync(Cancel);
        Assert.False(pending.IsCompleted);
        reader.CancelPendingRead();
        var cancelled = await pending;
        Assert.True(cancelled.IsCanceled);
        Assert.Equal(2, cancelled.Buffer.Length);
        reader.AdvanceTo(cancelled.Buffer.End);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public async Task Failed_transport_fails_the_read()
    {
        var pipe = new Pipe();
        var reader = new PrefixedPipeReader("GE"u8.ToArray(), pipe.Reader);
        var first = await reader.ReadAsync(Cancel);
        reader.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        await pipe.Writer.CompleteAsync(new IOException("reset"));
        await Assert.ThrowsAsync<IOException>(async () => await reader.ReadAsync(Cancel));
    }

    private static async Task<(ReadOnlySequence<byte> Buffer, bool Completed)> ReadAsync(PrefixedPipeReader reader, Random random)
    {
        var result = random.Next(2) == 0 && reader.TryRead(out var tried) ? tried : await reader.ReadAsync(Cancel);
        return (result.Buffer, result.IsCompleted);
    }
}
