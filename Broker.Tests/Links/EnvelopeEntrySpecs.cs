using System.Text;
using Broker.Node.Links;
using Broker.Protocol.Wire;
using CsCheck;

namespace Broker.Tests.Links;

public sealed class EnvelopeEntrySpecs
{
    private static readonly Gen<long> Number = Gen.OneOf(Gen.Const(0L), Gen.Long);

    [Fact]
    public void Entries_are_read_as_written() =>
        Gen.Select(Gen.Byte.Array[0, 255], Gen.Byte.Array[0, 300], Gen.Bool, Number, Number, Gen.Bool).Array[0, 20].Sample(entries =>
        {
            var bytes = new List<byte>();
            foreach (var (topic, payload, isBinary, origin, time, isPiece) in entries)
            {
                var entry = new EnvelopeEntry(isPiece ? EntryKind.Piece : EntryKind.Publish, topic, isBinary ? WireFormat.MessagePack : WireFormat.Json, origin, time, payload);
                var written = new byte[entry.Length];
                entry.Write(written);
                bytes.AddRange(written);
            }

            ReadOnlySpan<byte> rest = bytes.ToArray();
            foreach (var (topic, payload, isBinary, origin, time, isPiece) in entries)
            {
                Assert.True(EnvelopeEntry.TryRead(ref rest, out var read));
                Assert.Equal(isPiece ? EntryKind.Piece : EntryKind.Publish, read.Kind);
                Assert.Equal(topic, read.Topic);
                Assert.Equal(isBinary ? WireFormat.MessagePack : WireFormat.Json, read.Format);
                Assert.Equal((origin, time), (read.Origin, read.Time));
                Assert.Equal(payload, read.Payload);
            }

            Assert.True(rest.IsEmpty);
        });

    [Theory]
    // publish, JSON, topic "t", 2 bytes
    [InlineData(1, "t", WireFormat.Json, 0L, 0L, "hi", "01 00 01 74 02000000 6869")]
    // publish, MessagePack with origin 7, topic "ab", nothing
    [InlineData(1, "ab", WireFormat.MessagePack, 7L, 0L, "", "01 03 02 6162 0700000000000000 00000000")]
    // publish, JSON with time 258
    [InlineData(1, "t", WireFormat.Json, 0L, 258L, "x", "01 04 01 74 0201000000000000 01000000 78")]
    // publish, MessagePack with origin -1 and time 1
    [InlineData(1, "t", WireFormat.MessagePack, -1L, 1L, "x", "01 07 01 74 FFFFFFFFFFFFFFFF 0100000000000000 01000000 78")]
    // piece without a topic
    [InlineData(2, "", WireFormat.Json, 0L, 0L, "x", "02 00 00 01000000 78")]
    public void Entry_is_written_as_its_golden_bytes(int kind, string topic, WireFormat format, long origin, long time, string payload, string hex)
    {
        var entry = new EnvelopeEntry((EntryKind)kind, Encoding.UTF8.GetBytes(topic), format, origin, time, Encoding.UTF8.GetBytes(payload));
        var bytes = new byte[entry.Length];
        entry.Write(bytes);
        Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData("01")]
    [InlineData("01 00 01 74 000000")]
    [InlineData("01 00 FF 74 00000000")]
    [InlineData("01 00 01 74 02000000 78")]
    [InlineData("01 00 01 74 FFFFFFFF 78")]
    [InlineData("01 00 01 74 FFFFFF7F 78")]
    [InlineData("01 02 01 74 0700000000000000 000000")]
    [InlineData("01 06 01 74 0700000000000000 00000000")]
    public void Entry_longer_than_what_was_received_is_not_read(string hex) => AssertUnread(hex);

    [Theory]
    [InlineData("00 00 01 74 00000000")]
    [InlineData("06 00 01 74 00000000")]
    [InlineData("01 08 01 74 00000000")]
    [InlineData("01 FF 01 74 00000000")]
    public void Entry_of_an_unknown_kind_or_with_unknown_marks_is_not_read(string hex) => AssertUnread(hex);

    private static void AssertUnread(string hex)
    {
        ReadOnlySpan<byte> rest = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var length = rest.Length;
        Assert.False(EnvelopeEntry.TryRead(ref rest, out _));
        Assert.Equal(length, rest.Length);
    }
}
