using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Lanes;

/// <summary>One topic in all the forms that connections take.</summary>
public sealed class LaneFormatSpecs : IDisposable
{
    private const int Threshold = 1024;

    private static readonly PushForm Json = new(WireFormat.Json, Deflated: false);
    private static readonly PushForm Binary = new(WireFormat.MessagePack, Deflated: false);
    private static readonly PushForm DeflatedJson = new(WireFormat.Json, Deflated: true);
    private static readonly PushForm DeflatedBinary = new(WireFormat.MessagePack, Deflated: true);
    private static readonly PushForm[] All = [Json, Binary, DeflatedJson, DeflatedBinary];

    private readonly FanOutPool _pool = new(2);
    private readonly LaneTopics _topics;
    private long _lastId;

    public LaneFormatSpecs() => _topics = TestLane.Create(_pool, lagLimit: 1 << 20, deflate: new MessageDeflateOptions { Threshold = Threshold });

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Everyone_sees_every_message_in_order_whatever_the_publisher_writes()
    {
        var sockets = All.Select(form => Subscribe(form).Socket).ToArray();
        var expected = new List<string> { """{"type":"subscribed","id":1,"topic":"t"}""" };
        for (var i = 0; i < 20; i++)
        {
            var data = i % 3 == 0 ? $"\"{new string((char)('a' + i), 2000)}\"" : $"[{i},{{\"n\":null}}]";
            Publish(i % 2 == 0 ? WireFormat.Json : WireFormat.MessagePack, data);
            expected.Add($$"""{"type":"message","topic":"t","data":{{data}}}""");
        }

        _topics.Flush();
        Assert.All(sockets.Zip(All), pair => Assert.Equal(expected, Messages(pair.First, pair.Second)));
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(Threshold - 1, false)]
    [InlineData(Threshold, true)]
    [InlineData(100_000, true)]
    public void Only_pushes_from_the_threshold_on_are_compressed(int length, bool compressed)
    {
        var around = """{"type":"message","topic":"t","data":""}""".Length;
        var (_, socket) = Subscribe(DeflatedJson);
        Publish(WireFormat.Json, $"\"{new string('x', length - around)}\"");
        _topics.Flush();

        var frames = Frames(socket);
        Assert.Equal(0x81, frames[0].First);
        Assert.Equal(compressed ? 0xC1 : 0x81, frames[1].First);
    }

    /// <summary>Each compression makes a stream, so that what a publish allocates tells how many there were.</summary>
    [Fact]
    public void A_push_is_compressed_once_for_all_connections_of_a_format()
    {
        for (var i = 0; i < 50; i++)
        {
            Subscribe(DeflatedJson, "many");
        }

        Subscribe(DeflatedJson, "one");
        foreach (var topic in new[] { "many", "one" })
        {
            Cost(topic, 10);
        }

        var (many, one) = (Cost("many", 100), Cost("one", 100));
        Assert.InRange(one, 100, 2000);
        Assert.InRange(many, one - 50, one + 50);

        long Cost(string topic, int times)
        {
            var data = $"\"{new string('x', 2000)}\"";
            var commands = Enumerable.Range(0, times).Select(_ => Command(WireFormat.Json, data, null, true, topic)).ToArray();
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var command in commands)
            {
                _topics.Execute(command);
            }

            var cost = (GC.GetAllocatedBytesForCurrentThread() - before) / times;
            _topics.Flush();
            return cost;
        }
    }

    [Fact]
    public void What_compression_does_not_make_smaller_is_sent_plain()
    {
        var (_, socket) = Subscribe(DeflatedBinary);
        var random = new byte[5000];
        new Random(1).NextBytes(random);
        Run(new PublishCommand(1, "t"u8.ToArray(), (byte[])[0xc5, 0x13, 0x88, .. random]) { Format = WireFormat.MessagePack });
        _topics.Flush();

        Assert.Equal(0x82, Frames(socket)[1].First);
    }

    [Fact]
    public void A_publish_without_echo_is_kept_from_its_connection_and_from_nobody_else()
    {
        foreach (var form in All)
        {
            var topic = $"t{(int)form.Format}{form.Deflated}";
            var (own, mySocket) = Subscribe(form, topic);
            var mine = own.Writer;
            var others = All.Select(other => (Form: other, Subscribe(other, topic).Socket)).ToArray();
            Publish(form.Format, "1", mine, echo: false, topic: topic);
            Publish(form.Format, "2", mine, topic: topic);
            _topics.Flush();

            Assert.Equal(["2"], Data(mySocket, form));
            Assert.All(others, other => Assert.Equal(["1", "2"], Data(other.Socket, other.Form)));
        }
    }

    [Fact]
    public void A_gap_stands_in_every_log_between_its_messages()
    {
        var sockets = All.Select(form => Subscribe(form).Socket).ToArray();
        Publish(WireFormat.Json, "1");
        _topics.AppendGap();
        Publish(WireFormat.MessagePack, "2");
        _topics.Flush();

        Assert.All(sockets.Zip(All), pair => Assert.Equal(
            ["""{"type":"message","topic":"t","data":1}""", """{"type":"gap","topic":"t"}""", """{"type":"message","topic":"t","data":2}"""],
            Messages(pair.First, pair.Second)[1..]));
    }

    [Theory]
    [InlineData(WireFormat.Json)]
    [InlineData(WireFormat.MessagePack)]
    public void A_push_of_another_node_says_its_format(WireFormat format)
    {
        var sockets = All.Select(form => Subscribe(form).Socket).ToArray();
        var push = _topics.Execute(Command(format, "[1]", null, true, "elsewhere")).Payload.ToArray();
        _topics.AppendRemote("t"u8, new LogEntry(push, format));
        _topics.AppendRemote("nobody"u8, new LogEntry(push, format));
        _topics.Flush();

        Assert.All(sockets.Zip(All), pair => Assert.Equal(["[1]"], Data(pair.First, pair.Second)));
    }

    [Theory]
    [InlineData(WireFormat.Json)]
    [InlineData(WireFormat.MessagePack)]
    public void A_push_that_cannot_be_carried_over_is_a_gap_there_and_the_topic_lives_on(WireFormat format)
    {
        var other = format == WireFormat.Json ? Binary : Json;
        var (_, socket) = Subscribe(other);
        _topics.AppendRemote("t"u8, new LogEntry([0xc1], format));
        Publish(other.Format, "2");
        _topics.Flush();

        Assert.Equal(["""{"type":"gap","topic":"t"}""", """{"type":"message","topic":"t","data":2}"""], Messages(socket, other)[1..]);
    }

    [Fact]
    public void Replies_are_in_the_format_of_their_connection_and_never_compressed()
    {
        foreach (var form in All)
        {
            var (writer, socket) = Connection();
            var topic = new string((char)('a' + (int)form.Format), 255);
            var subscription = Subscription(writer, form, topic);
            Run(new SubscribeCommand(subscription, Named(), 0, ActorRefs.Nobody));
            Run(new SubscribeCommand(Subscription(writer, form, topic), Named(), 1, ActorRefs.Nobody));
            Publish(form.Format, "1", writer, echo: false, id: true, topic: topic);
            Run(new UnsubscribeCommand(subscription, Named()) { Reason = new string('r', 2000) });
            _topics.Flush();

            Assert.Equal(["subscribed", "error", "published", "unsubscribed"], Messages(socket, form).Select(static text => text.Split('"')[3]));
            Assert.All(Frames(socket), frame => Assert.Equal(form.Format == WireFormat.Json ? 0x81 : 0x82, frame.First));
        }
    }

    [Fact]
    public void The_bound_of_subscribers_counts_all_forms()
    {
        Subscribe(Json);
        Subscribe(Binary);
        var (writer, socket) = Connection();
        Run(new SubscribeCommand(Subscription(writer, DeflatedJson, "t"), Named(), 2, ActorRefs.Nobody));
        _topics.Flush();

        Assert.Contains("limit_exceeded", Assert.Single(Messages(socket, Json)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_topic_lives_until_its_last_form_is_left_in_whatever_order()
    {
        foreach (var order in new[] { new[] { 0, 1, 2, 3 }, [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1] })
        {
            var subscribers = All.Select(form => (Form: form, Subscriber: Subscribe(form))).ToArray();
            foreach (var (index, left) in order.Select(static (index, place) => (index, 3 - place)))
            {
                _topics.Leave(subscribers[index].Subscriber.Subscription);
                Assert.Equal(left > 0 ? 1 : 0, _topics.Count);
                Publish(WireFormat.Json, $"{index}");
                _topics.Flush();
                Assert.All(order[(4 - left)..], other => Assert.Equal($"{index}", Data(subscribers[other].Subscriber.Socket, subscribers[other].Form)[^1]));
            }
        }
    }

    [Fact]
    public void A_publish_that_nobody_here_reads_in_another_form_costs_no_more_than_writing_it()
    {
        var command = Command(WireFormat.Json, "\"" + new string('x', 2000) + "\"", null, true, "elsewhere");
        Execute(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Execute(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Execute(int times)
        {
            for (var i = 0; i < times; i++)
            {
                _topics.Execute(command);
            }
        }
    }

    private static WireId Named() => WireSamples.Named(new string('i', 64));

    private static Subscription Subscription(ConnectionWriter writer, PushForm form, string topic)
    {
        writer.Framing = WebSocketFraming.Of(form.Format);
        return new(writer, Encoding.UTF8.GetBytes(topic), 1) { Form = form };
    }

    private static List<string> Data(FakeSocket socket, PushForm form) =>
        [.. Messages(socket, form).Where(static text => text.StartsWith("{\"type\":\"message\"", StringComparison.Ordinal))
            .Select(static text => text[(text.IndexOf("\"data\":", StringComparison.Ordinal) + 7)..^1])];

    private static List<string> Messages(FakeSocket socket, PushForm form)
    {
        var messages = new List<string>();
        foreach (var (first, payload) in Frames(socket))
        {
            var isText = form.Format == WireFormat.Json;
            Assert.Equal(isText ? 1 : 2, first & 0x0f);
            Assert.True(form.Deflated || (first & 0x40) == 0, "compressed for one who does not take it");
            var plain = (first & 0x40) == 0 ? payload : Inflate(payload);
            messages.Add(isText ? Encoding.UTF8.GetString(plain) : MessagePackSamples.Show(plain));
        }

        return messages;
    }

    private static byte[] Inflate(byte[] payload)
    {
        using var stream = new DeflateStream(new MemoryStream([.. payload, 0x00, 0x00, 0xff, 0xff]), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    private static List<(int First, byte[] Payload)> Frames(FakeSocket socket)
    {
        var frames = new List<(int, byte[])>();
        ReadOnlySpan<byte> bytes = socket.Bytes;
        while (!bytes.IsEmpty)
        {
            var (length, header) = bytes[1] switch
            {
                126 => (BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 4),
                127 => (BinaryPrimitives.ReadInt32BigEndian(bytes[6..]), 10),
                var n => (n, 2),
            };
            frames.Add((bytes[0], bytes.Slice(header, length).ToArray()));
            bytes = bytes[(header + length)..];
        }

        return frames;
    }

    private static PublishCommand Command(WireFormat format, string data, ConnectionWriter? publisher, bool echo, string topic) =>
        new(1, Encoding.UTF8.GetBytes(topic), format == WireFormat.Json ? Encoding.UTF8.GetBytes(data) : MessagePackSamples.Encode(data))
        {
            Format = format,
            Publisher = publisher,
            Echo = echo,
        };

    private (ConnectionWriter Writer, FakeSocket Socket) Connection()
    {
        var socket = new FakeSocket();
        var writer = new ConnectionWriter(++_lastId);
        writer.Attach(socket, () => { });
        writer.TryPark();
        return (writer, socket);
    }

    private void Publish(WireFormat format, string data, ConnectionWriter? publisher = null, bool echo = true, bool id = false, string topic = "t")
    {
        var command = Command(format, data, publisher, echo, topic);
        Run(id
            ? new PublishCommand(1, command.TopicMemory, command.Data.ToArray()) { Format = format, Publisher = publisher, Echo = echo, Id = Named() }
            : command);
    }

    private (Subscription Subscription, FakeSocket Socket) Subscribe(PushForm form, string topic)
    {
        var (writer, socket) = Connection();
        var subscription = Subscription(writer, form, topic);
        Run(new SubscribeCommand(subscription, WireSamples.Number(1), 0, ActorRefs.Nobody));
        return (subscription, socket);
    }

    private (Subscription Subscription, FakeSocket Socket) Subscribe(PushForm form) => Subscribe(form, "t");

    private void Run(LaneCommand command)
    {
        _topics.Execute(command);
        command.Complete();
    }
}
