using Broker.Node.Links;
using CsCheck;

namespace Broker.Tests.Links;

public sealed class EnvelopeEntrySpecs
{
    [Fact]
    public void Entries_are_read_as_written() =>
        Gen.Select(Gen.Byte.Array[0, 255], Gen.Byte.Array[2, 300]).Array[0, 20].Sample(entries =>
        {
            var bytes = new List<byte>();
            foreach (var (topic, frame) in entries)
            {
                var entry = new byte[EnvelopeEntry.Length(topic, frame)];
                EnvelopeEntry.Write(entry, topic, frame);
                bytes.AddRange(entry);
            }

            ReadOnlySpan<byte> rest = bytes.ToArray();
            foreach (var (topic, frame) in entries)
            {
                Assert.True(EnvelopeEntry.TryRead(ref rest, out var readTopic, out var readFrame));
                Assert.Equal(topic, readTopic);
                Assert.Equal(frame, readFrame);
            }

            Assert.True(rest.IsEmpty);
        });

    [Theory]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { 1, 0x74, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 0x74, 1, 0, 0, 0, 0x81 })]
    [InlineData(new byte[] { 1, 0x74, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 0x74, 2, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 1, 0x74, 255, 255, 255, 255, 1 })]
    [InlineData(new byte[] { 1, 0x74, 255, 255, 255, 127, 1 })]
    public void Entry_longer_than_what_was_received_or_shorter_than_a_frame_is_not_read(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        Assert.False(EnvelopeEntry.TryRead(ref rest, out _, out _));
        Assert.Equal(bytes.Length, rest.Length);
    }
}
