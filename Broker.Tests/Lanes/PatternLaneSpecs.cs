using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;
using Broker.Tests.Contracts;
using Broker.Tests.Support;
using static Broker.Tests.Lanes.TestLane;

namespace Broker.Tests.Lanes;

/// <summary>Subscriptions to patterns on a node of two lanes, each of which takes what was posted when the test says so.</summary>
public sealed class PatternLaneSpecs : IDisposable
{
    private const string Subscribed = """{"type":"subscribed","id":1,"topic":"t.*"}""";

    private static readonly PushForm Json = new(WireFormat.Json, Deflated: false);

    private readonly FanOutPool _pool = new(2);
    private readonly Node _node;

    public PatternLaneSpecs() => _node = new Node(Create(_pool, lagLimit: 1000, maxPatterns: 3), Create(_pool, lagLimit: 1000, maxPatterns: 3));

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Nothing_is_written_before_every_lane_has_a_cursor()
    {
        var (writer, socket) = Connection(1);
        Subscribe(Pattern(writer));
        _node.Run(0);
        Publish(0, "t.a", "one");
        _node.Flush();
        Assert.Empty(Payloads(socket));

        Publish(1, "t.b", "missed: its lane has no cursor and nothing is promised");
        _node.Run(1);
        Publish(1, "t.b", "two");
        _node.Flush();

        Assert.Equal(Subscribed, Payloads(socket)[0]);
        Assert.Equal([Push("t.a", "one"), Push("t.b", "two")], Payloads(socket)[1..].Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_what_matches_comes()
    {
        var (writer, socket) = Connection(1);
        SubscribeAtOnce(Pattern(writer));
        foreach (var topic in new[] { "t", "t.a.b", "x.a", "$t.a", "t.a" })
        {
            Publish(0, topic, topic);
        }

        _node.Flush();

        Assert.Equal([Subscribed, Push("t.a", "t.a")], Payloads(socket));
    }

    [Fact]
    public void Overlapping_subscriptions_get_a_copy_each()
    {
        var (writer, socket) = Connection(1);
        SubscribeAtOnce(Pattern(writer));
        SubscribeAtOnce(Pattern(writer, "t.>"));
        _node.Lanes[0].Execute(new SubscribeCommand(new Subscription(writer, "t.a"u8.ToArray(), 0), Id(3), 0, ActorRefs.Nobody));
        Publish(0, "t.a", "x");
        _node.Flush();

        Assert.Equal(
            ["""{"type":"message","topic":"t.a","data":"x","pattern":"t.*"}""", """{"type":"message","topic":"t.a","data":"x","pattern":"t.>"}""", """{"type":"message","topic":"t.a","data":"x"}"""],
            Payloads(socket)[3..].Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_publish_without_echo_reaches_all_others_and_not_its_own_connection()
    {
        var (mine, mySocket) = Connection(1);
        var (other, otherSocket) = Connection(2);
        SubscribeAtOnce(Pattern(mine));
        SubscribeAtOnce(Pattern(other));
        Publish(0, "t.a", "quiet", mine, echo: false);
        Publish(0, "t.a", "loud", mine);
        _node.Flush();

        Assert.Equal([Push("t.a", "loud")], Payloads(mySocket)[1..]);
        Assert.Equal([Push("t.a", "quiet"), Push("t.a", "loud")], Payloads(otherSocket)[1..]);
    }

    [Fact]
    public void After_unsubscribed_no_message_comes_and_no_lane_has_a_cursor()
    {
        var (writer, socket) = Connection(1);
        var subscription = Pattern(writer);
        SubscribeAtOnce(subscription);
        _node.Flush();
        Publish(0, "t.a", "late");
        Publish(1, "t.b", "late");
        new PatternRequest.Unsubscribe(subscription, Id(2), batch: null, reason: null).Post(_node);
        _node.Run(1);
        _node.Run(0);
        Publish(0, "t.a", "later");
        Publish(1, "t.b", "later");
        _node.Flush();

        Assert.Equal([Subscribed, """{"type":"unsubscribed","id":2,"topic":"t.*"}"""], Payloads(socket));
        Assert.All(_node.Lanes, static lane => Assert.Equal(0, lane.Count));
    }

    [Fact]
    public void Answers_keep_the_order_of_the_requests_however_far_the_lanes_are()
    {
        var (writer, socket) = Connection(1);
        var subscription = Pattern(writer);
        Subscribe(subscription);
        new PatternRequest.Unsubscribe(subscription, Id(2), batch: null, reason: null).Post(_node);
        _node.Run(0);
        _node.Flush();
        Assert.Empty(Payloads(socket));
        _node.Run(1);
        _node.Flush();

        Assert.Equal([Subscribed, """{"type":"unsubscribed","id":2,"topic":"t.*"}"""], Payloads(socket));
    }

    [Fact]
    public void Subscribing_again_answers_again_and_doubles_nothing()
    {
        var (writer, socket) = Connection(1);
        var subscription = Pattern(writer);
        SubscribeAtOnce(subscription);
        SubscribeAtOnce(subscription);
        Publish(0, "t.a", "x");
        _node.Flush();

        Assert.Equal([Subscribed, Subscribed, Push("t.a", "x")], Payloads(socket));
    }

    [Fact]
    public void A_lane_that_refuses_refuses_for_all_and_nothing_is_ever_written()
    {
        var (writer, socket) = Connection(1);
        var subscription = Pattern(writer);
        Subscribe(subscription);
        Subscribe(subscription);
        _node.Run(0);
        _node.Refuse(1);
        Publish(0, "t.a", "x");
        Publish(1, "t.b", "x");
        _node.Flush();

        Assert.True(subscription.IsRefused);
        Assert.Equal(2, Payloads(socket).Count);
        Assert.All(Payloads(socket), static payload => Assert.Contains("\"code\":\"unavailable\"", payload, StringComparison.Ordinal));
        _node.Leave(subscription.Cursors);
        Assert.All(_node.Lanes, static lane => Assert.Equal(0, lane.Count));
    }

    [Fact]
    public void A_request_behind_a_refused_one_is_refused_though_the_lane_may_promise_again()
    {
        var (writer, socket) = Connection(1);
        var subscription = Pattern(writer);
        Subscribe(subscription);
        _node.Refuse(1);
        Subscribe(subscription);
        _node.Run(1);
        _node.Run(0);
        _node.Flush();

        Assert.Equal(["unavailable", "limit_exceeded"], Payloads(socket).Select(static payload => System.Text.Json.JsonDocument.Parse(payload).RootElement.GetProperty("code").GetString()));
        Assert.DoesNotContain(subscription.Cursors, static cursor => cursor.IsOpen);
    }

    [Fact]
    public void A_refused_repetition_leaves_what_was_open()
    {
        var (writer, socket) = Connection(1);
        var subscription = Pattern(writer);
        SubscribeAtOnce(subscription);
        Subscribe(subscription);
        _node.Refuse(0);
        _node.Run(1);
        Publish(0, "t.a", "x");
        _node.Flush();

        Assert.False(subscription.IsRefused);
        Assert.Contains("unavailable", Payloads(socket)[1], StringComparison.Ordinal);
        Assert.Equal(Push("t.a", "x"), Payloads(socket)[2]);
    }

    [Fact]
    public void More_different_patterns_than_the_bound_are_refused_and_one_that_is_there_is_not()
    {
        var (first, _) = Connection(1);
        var (second, socket) = Connection(2);
        SubscribeAtOnce(Pattern(first, "a.*"));
        SubscribeAtOnce(Pattern(first, "b.*"));
        SubscribeAtOnce(Pattern(first));
        SubscribeAtOnce(Pattern(second));
        SubscribeAtOnce(Pattern(second, "c.*"));
        _node.Flush();

        Assert.Equal(Subscribed, Payloads(socket)[0]);
        Assert.Contains("\"code\":\"limit_exceeded\"", Payloads(socket)[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_gap_names_the_pattern_and_comes_in_order()
    {
        var (writer, socket) = Connection(1);
        SubscribeAtOnce(Pattern(writer));
        Publish(1, "t.b", "x");
        _node.Lanes[1].AppendGap();
        Publish(1, "t.b", "y");
        _node.Flush();

        Assert.Equal([Push("t.b", "x"), """{"type":"gap","topic":"t.*","pattern":"t.*"}""", Push("t.b", "y")], Payloads(socket)[1..]);
    }

    [Fact]
    public void What_another_node_published_comes_with_the_pattern_and_what_is_no_push_as_a_gap()
    {
        var (writer, socket) = Connection(1);
        SubscribeAtOnce(Pattern(writer));
        _node.Lanes[0].AppendRemote("t.a"u8, new LogEntry("""{"type":"message","topic":"t.a","data":1}"""u8, WireFormat.Json));
        _node.Lanes[0].AppendRemote("t.a"u8, new LogEntry("rubbish"u8, WireFormat.Json));
        _node.Lanes[0].AppendRemote("t..a"u8, new LogEntry("rubbish"u8, WireFormat.Json));
        _node.Lanes[0].AppendRemote(""u8, new LogEntry("rubbish"u8, WireFormat.Json));
        _node.Flush();

        Assert.Equal(["""{"type":"message","topic":"t.a","data":1,"pattern":"t.*"}""", """{"type":"gap","topic":"t.*","pattern":"t.*"}"""], Payloads(socket)[1..]);
    }

    [Fact]
    public void Every_form_has_its_log_until_its_last_subscriber_goes()
    {
        var (json, jsonSocket) = Connection(1);
        var (binary, binarySocket) = Connection(2);
        var first = Pattern(json);
        SubscribeAtOnce(first);
        SubscribeAtOnce(Pattern(binary, form: new PushForm(WireFormat.MessagePack, Deflated: false)));
        _node.Flush();
        var before = binarySocket.Bytes.Length;
        _node.Leave(first.Cursors);
        Publish(0, "t.a", "x");
        _node.Flush();

        Assert.Single(Payloads(jsonSocket));
        var push = binarySocket.Bytes.AsSpan(before);
        Assert.Equal(Push("t.a", "x"), FormatSample.MessagePack.Show(push[2..]));
        Assert.All(_node.Lanes, static lane => Assert.Equal(1, lane.Count));
    }

    [Fact]
    public void A_cursor_over_its_bound_ends_the_connection()
    {
        var (writer, socket) = Connection(1);
        var overruns = 0;
        writer.Observer = new WriterEvents { OnOverrun = () => overruns++ };
        SubscribeAtOnce(Pattern(writer));
        _node.Flush();
        socket.Room = 0;
        for (var i = 0; i < 40; i++)
        {
            Publish(0, "t.a", new string('x', 100));
            _node.Flush();
        }

        Assert.Equal(1, overruns);
        Assert.Equal(SlowPolicy.Disconnect, Pattern(writer).Cursors[0].Slow);
    }

    [Fact]
    public void A_publish_that_no_pattern_matches_allocates_nothing_for_them()
    {
        var (writer, _) = Connection(1);
        var publish = new PublishCommand(0, "other"u8.ToArray(), "1"u8.ToArray());
        Action run = () => _node.Lanes[0].Execute(publish);
        run();
        var without = ThreadAllocation.Least(run);
        SubscribeAtOnce(Pattern(writer));
        run();

        Assert.Equal(0, without);
        Assert.Equal(0, ThreadAllocation.Least(run));
    }

    private static string Push(string topic, string text) => $$"""{"type":"message","topic":"{{topic}}","data":"{{text}}","pattern":"t.*"}""";

    private static PatternSubscription Pattern(ConnectionWriter writer, string pattern = "t.*", PushForm? form = null) =>
        new(writer, Encoding.UTF8.GetBytes(pattern), form ?? Json, lanes: 2, isSequenced: false);

    private void Subscribe(PatternSubscription subscription) => new PatternRequest.Subscribe(subscription, Id(1), ActorRefs.Nobody, batch: null).Post(_node);

    private void SubscribeAtOnce(PatternSubscription subscription)
    {
        Subscribe(subscription);
        _node.Run(0);
        _node.Run(1);
    }

    private void Publish(int lane, string topic, string text, ConnectionWriter? publisher = null, bool echo = true) =>
        _node.Lanes[lane].Execute(new PublishCommand((uint)lane, Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes($"\"{text}\"")) { Publisher = publisher, Echo = echo });

    /// <summary>Lanes that take what was posted when they are told to.</summary>
    private sealed class Node(params LaneTopics[] lanes) : ILaneInbox
    {
        private readonly Queue<LaneCommand>[] _posted = [.. lanes.Select(static _ => new Queue<LaneCommand>())];

        public LaneTopics[] Lanes => lanes;

        public int Count => lanes.Length;

        public void Post(LaneCommand command) => _posted[command.TopicHash % (uint)lanes.Length].Enqueue(command);

        public void Leave(IEnumerable<Subscription> subscriptions)
        {
            foreach (var subscription in subscriptions)
            {
                lanes[subscription.TopicHash].Leave(subscription);
            }
        }

        public void Run(int lane) => Take(lane, command => lanes[lane].Execute(command));

        /// <summary>As while the node may promise nothing.</summary>
        public void Refuse(int lane) => Take(lane, lanes[lane].Refuse);

        public void Flush() => Array.ForEach(lanes, static lane => lane.Flush());

        private void Take(int lane, Action<LaneCommand> take)
        {
            while (_posted[lane].TryDequeue(out var command))
            {
                take(command);
                command.Complete();
            }
        }
    }
}
