using System.IO.Compression;
using System.Text;
using Broker.Protocol.Deflate;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Deflate;

/// <summary>Against zlib, and against bytes written by hand; every input in every segmentation.</summary>
public sealed class MessageInflaterSpecs
{
    private const int Wide = 1 << 20;

    private static readonly Gen<byte[]> Message = Gen.OneOf(
        Gen.Byte.Array[0, 300],
        Gen.String[0, 200].Select(Encoding.UTF8.GetBytes),
        Gen.OneOf((byte)'a', (byte)'b', (byte)'c').Array[0, 3000],
        Gen.Select(Gen.Byte.Array[1, 40], Gen.Int[1, 100]).Select((part, times) => Enumerable.Repeat(part, times).SelectMany(static bytes => bytes).ToArray()),
        Gen.Int[0, 70_000].Select(length => new byte[length]));

    private static (InflateStatus Status, byte[] Message) InflateOne(byte[] payload, int limit = Wide, int windowBits = 15) =>
        Assert.Single(InflateAll([payload], limit, windowBits, takeover: false));

    /// <summary>Each message's outcome; built only if it is the same in every segmentation. Stops at the first fault.</summary>
    private static List<(InflateStatus Status, byte[] Message)> InflateAll(IReadOnlyList<byte[]> payloads, int limit = Wide, int windowBits = 15, bool takeover = true)
    {
        List<(InflateStatus Status, byte[] Message)>? first = null;
        foreach (var (name, cut) in Segmentation.All)
        {
            using var inflater = new MessageInflater(windowBits, takeover);
            var outcomes = new List<(InflateStatus Status, byte[] Message)>();
            foreach (var payload in payloads)
            {
                var status = InflateStatus.Done;
                foreach (var segment in cut(payload).TakeWhile(_ => status == InflateStatus.Done))
                {
                    status = inflater.Append(segment, limit);
                }

                status = status == InflateStatus.Done ? inflater.Finish(limit) : status;
                outcomes.Add((status, inflater.Message.ToArray()));
                inflater.EndMessage();
                if (status != InflateStatus.Done)
                {
                    break;
                }
            }

            first ??= outcomes;
            Assert.True(first.Select(o => o.Status).SequenceEqual(outcomes.Select(o => o.Status)), name);
            Assert.True(first.Zip(outcomes).All(pair => pair.First.Message.AsSpan().SequenceEqual(pair.Second.Message)), name);
        }

        return first!;
    }

    private static void AssertDone(IEnumerable<byte[]> expected, IEnumerable<(InflateStatus Status, byte[] Message)> outcomes)
    {
        Assert.All(outcomes, outcome => Assert.Equal(InflateStatus.Done, outcome.Status));
        Assert.Equal(expected, outcomes.Select(outcome => outcome.Message));
    }

    [Fact]
    public void What_zlib_made_of_any_message_comes_out_as_it_was() =>
        Gen.Select(Message, Gen.Enum<CompressionLevel>()).Sample((message, level) =>
            AssertDone([message], InflateAll([message.Length == 0 ? [0] : Zlib.Deflate(message, level)], takeover: false)), iter: 300);

    [Fact]
    public void Messages_that_share_a_context_come_out_as_they_were() =>
        Gen.Select(Message.Where(message => message.Length > 0).Array[1, 6], Gen.Enum<CompressionLevel>()).Sample((messages, level) =>
            AssertDone(messages, InflateAll(Zlib.DeflateAll(messages, level))), iter: 200);

    [Fact]
    public void Context_reaches_32_KiB_back_over_many_messages()
    {
        var random = new Random(1);
        var parts = Enumerable.Range(0, 40).Select(_ => { var part = new byte[1500]; random.NextBytes(part); return part; }).ToArray();
        byte[][] messages = [.. parts, .. parts.Skip(20), .. parts.Skip(19)];
        AssertDone(messages, InflateAll(Zlib.DeflateAll(messages, CompressionLevel.SmallestSize)));
    }

    [Fact]
    public void Broken_streams_give_what_zlib_gives_up_to_the_same_fault() =>
        Gen.Select(Message.Where(message => message.Length is > 0 and < 2000), Gen.Enum<CompressionLevel>(), Gen.Select(Gen.Int[0, 100_000], Gen.Byte).Array[1, 4]).Sample((message, level, changes) =>
        {
            var payload = Zlib.Deflate(message, level);
            foreach (var (at, value) in changes)
            {
                payload[at % payload.Length] = value;
            }

            AssertAsZlib(payload);
        }, iter: 3000);

    [Fact]
    public void Noise_gives_what_zlib_gives_up_to_the_same_fault() => Gen.Byte.Array[1, 60].Sample(AssertAsZlib, iter: 10_000);

    private static void AssertAsZlib(byte[] payload)
    {
        using var inflater = new MessageInflater(15, takeover: false);
        var status = inflater.Append(payload, Wide);
        var expected = new List<byte>();
        using var stream = new DeflateStream(new MemoryStream(payload), CompressionMode.Decompress);
        try
        {
            // Byte by byte, because what zlib writes in the call that finds the fault is lost.
            for (var next = stream.ReadByte(); next >= 0; next = stream.ReadByte())
            {
                expected.Add((byte)next);
            }
        }
        catch (InvalidDataException)
        {
            Assert.Equal(InflateStatus.Invalid, status);
            Assert.InRange(inflater.Message.Length - expected.Count, 0, 1);
        }

        // zlib stops at a final block.
        Assert.True(inflater.Message.StartsWith(expected.ToArray()));
        inflater.EndMessage();
    }

    [Theory]
    [InlineData("f248cdc9c90700", "Hello")] // RFC 7692 section 7.2.3.1: a fixed block
    [InlineData("000500fafffe48656c6c6f00", null)] // LEN and NLEN do not fit
    [InlineData("000500faff48656c6c6f00", "Hello")] // 7.2.3.3: a stored block
    [InlineData("f348cdc9c9070000", "Hello")] // 7.2.3.4: BFINAL
    [InlineData("f248050000 00ffffcac9c90700", "Hello")] // 7.2.3.5: two blocks
    [InlineData("00", "")] // 7.2.3.6: an empty message
    [InlineData("0200", "")] // an empty fixed block
    [InlineData("030000", "")] // with BFINAL
    [InlineData("", null)] // not even the header of a block
    [InlineData("f248cdc9c907", null)] // the last byte is missing
    [InlineData("f248cdc9", null)]
    [InlineData("07", null)] // block type 3
    public void Samples_of_RFC_7692(string hex, string? message)
    {
        var outcome = InflateOne(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Equal(message is null ? InflateStatus.Invalid : InflateStatus.Done, outcome.Status);
        if (message is not null)
        {
            Assert.Equal(message, Encoding.UTF8.GetString(outcome.Message));
        }
    }

    [Fact]
    public void Second_message_of_RFC_7692_refers_to_the_first_only_with_takeover()
    {
        // Section 7.2.3.2: the same "Hello" again, with the window and without.
        byte[][] payloads = [Convert.FromHexString("f248cdc9c90700"), Convert.FromHexString("f200110000")];
        AssertDone(["Hello"u8.ToArray(), "Hello"u8.ToArray()], InflateAll(payloads));
        Assert.Equal([InflateStatus.Done, InflateStatus.Invalid], InflateAll(payloads, takeover: false).Select(outcome => outcome.Status));
    }

    [Fact]
    public void Every_truncation_is_invalid()
    {
        var payload = Zlib.Deflate(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 100).Select(i => $"entry {i * i},"))));
        for (var length = 0; length < payload.Length; length++)
        {
            Assert.Equal(InflateStatus.Invalid, InflateOne(payload[..length]).Status);
        }
    }

    [Fact]
    public void Messages_follow_one_that_ends_with_BFINAL()
    {
        byte[][] before = ["first message"u8.ToArray(), "second message"u8.ToArray()];
        byte[][] after = ["fourth message"u8.ToArray(), "fourth message, and the fifth"u8.ToArray()];
        using var sink = new MemoryStream();
        using (var stream = new DeflateStream(sink, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write("third message"u8);
        }

        byte[] final = [.. sink.ToArray(), 0];
        AssertDone(
            [.. before, "third message"u8.ToArray(), .. after],
            InflateAll([.. Zlib.DeflateAll(before), final, .. Zlib.DeflateAll(after)]));
    }

    [Fact]
    public void Window_survives_BFINAL_within_a_message_and_between_messages()
    {
        // "abc", final; 4 from 3 back, final; then the next message: 5 from 7 back.
        var first = new BitWriter().Block(1, final: true).Literal((byte)'a').Literal((byte)'b').Literal((byte)'c').EndOfBlock().Align()
            .Block(1, final: true).Reference(4, 3).EndOfBlock().Align().End();
        var second = new BitWriter().Block(1).Reference(5, 7).EndOfBlock().End();
        AssertDone(["abcabca"u8.ToArray(), "abcab"u8.ToArray()], InflateAll([first, second]));
    }

    [Fact]
    public void Blocks_of_all_types_in_one_message()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 300).Select(i => $"{i} squared is {i * i}. ")));
        var dynamic = Zlib.Deflate(text, CompressionLevel.SmallestSize);
        var payload = new BitWriter().Block(1).Literal(0xFF).Literal(0).EndOfBlock().Block(0).Align().Raw(3, 0, 0xFC, 0xFF, 7, 8, 9)
            .Block(0).Align().Raw(0, 0, 0xFF, 0xFF).Raw(dynamic).Raw(0, 0, 0xFF, 0xFF).Block(1).Reference(3, 4).EndOfBlock().End();
        AssertDone([[0xFF, 0, 7, 8, 9, .. text, .. text[^4..^1]]], InflateAll([payload]));
    }

    [Theory]
    [InlineData(1, 2)] // before the first byte
    [InlineData(3, 4)]
    public void Reference_before_the_first_byte_is_invalid(int literals, int distance)
    {
        var bits = new BitWriter().Block(1);
        for (var i = 0; i < literals; i++)
        {
            bits.Literal((byte)'x');
        }

        var outcome = InflateOne(bits.Reference(3, distance).EndOfBlock().End());
        Assert.Equal((InflateStatus.Invalid, literals), (outcome.Status, outcome.Message.Length));
    }

    [Theory]
    [InlineData(30)] // a distance symbol that stands for nothing
    [InlineData(31)]
    public void Distance_symbol_without_meaning_is_invalid(int symbol) =>
        Assert.Equal(InflateStatus.Invalid, InflateOne(new BitWriter().Block(1).Literal(1).Symbol(257).Code(symbol, 5).EndOfBlock().End()).Status);

    [Theory]
    [InlineData(0xC6)] // literal/length symbol 286
    [InlineData(0xC7)] // 287
    public void Length_symbol_without_meaning_is_invalid(int code) =>
        Assert.Equal(InflateStatus.Invalid, InflateOne(new BitWriter().Block(1).Literal(1).Code(code, 8).Code(0, 5).EndOfBlock().End()).Status);

    [Fact]
    public void Reference_beyond_the_negotiated_window_is_invalid()
    {
        // 300 random bytes twice: zlib refers 300 back.
        var part = new byte[300];
        new Random(3).NextBytes(part);
        byte[] message = [.. part, .. part];
        var payload = Zlib.Deflate(message);
        Assert.Equal(InflateStatus.Invalid, InflateOne(payload, windowBits: 8).Status);
        AssertDone([message], [InflateOne(payload, windowBits: 9)]);
    }

    [Theory]
    [InlineData(CompressionLevel.Optimal)]
    [InlineData(CompressionLevel.NoCompression)]
    public void Output_stops_at_the_limit(CompressionLevel level)
    {
        var message = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 200).Select(i => $"{i % 7}{i % 11}x")));
        var payload = Zlib.Deflate(message, level);
        for (var limit = 0; limit < message.Length; limit += 13)
        {
            var outcome = InflateOne(payload, limit);
            Assert.Equal(InflateStatus.TooBig, outcome.Status);
            Assert.Equal(message[..limit], outcome.Message);
        }

        AssertDone([message], [InflateOne(payload, message.Length)]);
    }

    [Fact]
    public void Bomb_costs_no_more_than_twice_the_limit()
    {
        const int Limit = 64 * 1024;
        var bomb = Zlib.Deflate(new byte[60 << 20], CompressionLevel.SmallestSize);
        Assert.InRange(bomb.Length, 50_000, 65_536);
        var worst = 0L;
        Assert.Equal(InflateStatus.Done, InflateOne(Zlib.Deflate("warm"u8.ToArray())).Status);
        for (var i = 0; i < 3; i++)
        {
            using var inflater = new MessageInflater(15, takeover: true);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(InflateStatus.TooBig, inflater.Append(bomb, Limit));
            worst = Math.Max(worst, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(Limit, inflater.Message.Length);
            inflater.EndMessage();
        }

        Assert.InRange(worst, 0, 2 * Limit);
    }

    /// <summary>Of the thread, and the best of several runs: what the machine does beside it is not the bomb's.</summary>
    [Theory]
    [InlineData(16 * 1024)]
    [InlineData(64 * 1024)]
    public void Bomb_costs_less_than_five_milliseconds_of_processor_time(int limit)
    {
        var bomb = Zlib.Deflate(new byte[60 << 20], CompressionLevel.SmallestSize);
        using var inflater = new MessageInflater(15, takeover: false);
        var time = ThreadTime.Best(20, () =>
        {
            Assert.Equal(InflateStatus.TooBig, inflater.Append(bomb, limit));
            inflater.EndMessage();
        });
        Assert.InRange(time, TimeSpan.Zero, TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public void Steady_state_allocates_nothing_and_without_takeover_keeps_nothing()
    {
        var payload = Zlib.Deflate(Encoding.ASCII.GetBytes(new string('a', 500) + new string('b', 500)));
        using var inflater = new MessageInflater(15, takeover: false);
        var before = 0L;
        for (var i = 0; i < 200; i++)
        {
            before = i == 100 ? GC.GetAllocatedBytesForCurrentThread() : before;
            inflater.Append(payload, Wide);
            Assert.True(inflater.Finish(Wide) == InflateStatus.Done && inflater.Message.Length == 1000);
            inflater.EndMessage();
            Assert.True(inflater.Message.IsEmpty);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Disposed_inside_a_message_it_reads_the_message_to_its_end()
    {
        var inflater = new MessageInflater(15, takeover: true);
        inflater.Append(Zlib.Deflate("Hello"u8.ToArray()), Wide);
        Assert.Equal(InflateStatus.Done, inflater.Finish(Wide));
        inflater.Dispose();
        Assert.Equal("Hello"u8, inflater.Message);
        inflater.EndMessage();
        Assert.True(inflater.Message.IsEmpty);
    }
}
