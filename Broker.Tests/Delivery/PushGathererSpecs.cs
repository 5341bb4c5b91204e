using Broker.Node.Delivery;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Delivery;

public sealed class PushGathererSpecs
{
    private readonly byte[] _room = new byte[64 * 1024];

    [Fact]
    public void Two_pushes_are_an_array_of_json_in_a_text_frame() => Assert.Equal(
        MessagePackSamples.Annotated("""
            81               FIN, text
            0b               11 bytes
            5b               [
            7b2261223a317d   {"a":1}
            2c               ,
            32               2
            5d               ]
            """),
        Gather(WireFormat.Json, """{"a":1}""", "2"));

    [Fact]
    public void Two_pushes_are_an_array_of_messagepack_in_a_binary_frame() => Assert.Equal(
        MessagePackSamples.Annotated("""
            82         FIN, binary
            06         6 bytes
            92         array of 2
            81a16101   {"a":1}
            02         2
            """),
        Gather(WireFormat.MessagePack, """{"a":1}""", "2"));

    [Theory]
    [InlineData(15, "9f")]
    [InlineData(16, "dc0010")]
    [InlineData(300, "dc012c")]
    public void An_array_of_messagepack_has_the_shortest_header(int count, string header)
    {
        var frame = Assert.Single(ServerFrame.ReadAll(Gather(WireFormat.MessagePack, [.. Enumerable.Repeat("7", count)])));

        Assert.Equal(header + string.Concat(Enumerable.Repeat("07", count)), Convert.ToHexStringLower(frame.Payload));
    }

    [Theory]
    [InlineData(WireFormat.Json, "1")]
    [InlineData(WireFormat.Json, "126")]
    [InlineData(WireFormat.MessagePack, "1")]
    [InlineData(WireFormat.MessagePack, "200")]
    public void One_push_is_the_frame_as_it_lies(WireFormat format, string length)
    {
        var json = $"\"{new string('x', int.Parse(length, System.Globalization.CultureInfo.InvariantCulture))}\"";

        Assert.Equal(ServerFrame.Of(json, format), Gather(format, json));
    }

    [Theory]
    [InlineData(WireFormat.Json)]
    [InlineData(WireFormat.MessagePack)]
    public void Only_whole_entries_are_taken_and_the_room_is_never_passed(WireFormat format)
    {
        var entries = Segment(format, [.. Enumerable.Range(0, 50).Select(static n => $"\"{new string('y', n)}\"")]);
        for (var room = 20; room < 400; room++)
        {
            var gatherer = new PushGatherer(format);
            var destination = _room.AsSpan(0, room);
            var taken = gatherer.Add(destination, entries, 0, entries.Head);
            Assert.Equal(taken == 0, gatherer.Count == 0);
            if (taken > 0)
            {
                var count = gatherer.Count;
                var (start, length) = gatherer.Finish(destination);
                var frame = Assert.Single(ServerFrame.ReadAll(destination.Slice(start, length)));
                Assert.Equal(Enumerable.Range(0, count).Select(static n => $"\"{new string('y', n)}\""), frame.Messages(format));
                Assert.Equal(ServerFrame.ReadAll(entries.Bytes.AsSpan(0, taken)).Count, count);
            }
        }
    }

    [Fact]
    public void The_largest_array_is_no_larger_than_64_KiB_and_has_a_short_length()
    {
        var gatherer = new PushGatherer(WireFormat.Json);
        var entry = Segment(WireFormat.Json, $"\"{new string('z', 1000)}\"");
        while (gatherer.Add(_room, entry, 0, entry.Head) > 0)
        {
        }

        var (start, length) = gatherer.Finish(_room);
        Assert.Equal(126, _room[start + 1]);
        Assert.InRange(length, 64_000, 64 * 1024);
    }

    [Fact]
    public void A_gatherer_begins_anew_after_each_frame()
    {
        var gatherer = new PushGatherer(WireFormat.Json);
        var segment = Segment(WireFormat.Json, "1", "2");
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(segment.Head, gatherer.Add(_room, segment, 0, segment.Head));
            var (start, length) = gatherer.Finish(_room);
            Assert.Equal("[1,2]", System.Text.Encoding.UTF8.GetString(ServerFrame.PayloadOf(_room.AsSpan(start, length))));
            Assert.Equal(0, gatherer.Count);
        }
    }

    private static LogSegment Segment(WireFormat format, params string[] messages)
    {
        var segment = new LogSegment(messages.Sum(message => ServerFrame.Of(message, format).Length), 0);
        foreach (var message in messages)
        {
            segment.Append(new LogEntry(TestLog.Encode(message, format), format));
        }

        return segment;
    }

    private byte[] Gather(WireFormat format, params string[] messages)
    {
        var gatherer = new PushGatherer(format);
        var segment = Segment(format, messages);
        Assert.Equal(segment.Head, gatherer.Add(_room, segment, 0, segment.Head));
        var (start, length) = gatherer.Finish(_room);
        return _room.AsSpan(start, length).ToArray();
    }
}
