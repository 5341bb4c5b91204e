using System.Text;
using Akka.Actor;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using static Broker.Tests.Lanes.TestLane;

namespace Broker.Tests.Lanes;

public sealed class LaneTopicsSpecs : IDisposable
{
    private readonly FanOutPool _pool = new(2);
    private readonly LaneTopics _topics;

    public LaneTopicsSpecs() => _topics = Create(_pool, lagLimit: 1000);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void A_subscriber_is_answered_before_the_first_message_and_gets_every_later_one()
    {
        var (writer, socket) = Connection(1);
        Publish(null, "before");
        Subscribe(writer, 7);
        Publish(null, "one");
        Publish(null, "two");
        _topics.Flush();

        Assert.Equal(["""{"type":"subscribed","id":7,"topic":"t"}""", Push("one"), Push("two")], Payloads(socket));
    }

    [Fact]
    public void A_batch_for_one_connection_is_one_send()
    {
        var (writer, socket) = Connection(1);
        Subscribe(writer, 7);
        _topics.Flush();
        var before = socket.Sends;
        for (var i = 0; i < 10; i++)
        {
            Publish(null, "x");
        }

        _topics.Flush();

        Assert.Equal(before + 1, socket.Sends);
    }

    [Fact]
    public void A_publisher_is_acknowledged_before_its_own_echo()
    {
        var (writer, socket) = Connection(1);
        Subscribe(writer, 1);
        Publish(writer, "x", id: 2);
        _topics.Flush();

        Assert.Equal("""{"type":"published","id":2,"topic":"t"}""", Payloads(socket)[1]);
        Assert.Equal(Push("x"), Payloads(socket)[2]);
    }

    [Fact]
    public void A_publish_without_id_has_no_reply()
    {
        var (writer, socket) = Connection(1);
        Publish(writer, "x");
        _topics.Flush();

        Assert.Empty(Payloads(socket));
    }

    [Fact]
    public void A_publish_without_echo_reaches_all_others_and_not_its_own_connection()
    {
        var (mine, mySocket) = Connection(1);
        var (other, otherSocket) = Connection(2);
        Subscribe(mine, 1);
        Subscribe(other, 1);
        Publish(mine, "a", echo: false);
        Publish(other, "b");
        Publish(mine, "c", echo: false);
        Publish(mine, "d");
        Publish(other, "e", echo: false);
        Publish(mine, "f", echo: false);
        _topics.Flush();

        Assert.Equal([Push("b"), Push("d"), Push("e")], Payloads(mySocket)[1..]);
        Assert.Equal([Push("a"), Push("b"), Push("c"), Push("d"), Push("f")], Payloads(otherSocket)[1..]);
    }

    [Fact]
    public void After_unsubscribed_no_message_comes_even_one_appended_before()
    {
        var (writer, socket) = Connection(1);
        var subscription = Subscribe(writer, 1);
        _topics.Flush();
        Publish(null, "late");
        Run(new UnsubscribeCommand(subscription, Id(2)));
        Publish(null, "later");
        _topics.Flush();

        Assert.Equal("""{"type":"unsubscribed","id":2,"topic":"t"}""", Payloads(socket)[1]);
        Assert.Equal(2, Payloads(socket).Count);
        Assert.Equal(0, _topics.Count);
    }

    [Fact]
    public void Subscribing_again_answers_again_and_doubles_nothing()
    {
        var (writer, socket) = Connection(1);
        var subscription = Subscribe(writer, 1);
        Run(new SubscribeCommand(subscription, Id(2), 0, ActorRefs.Nobody));
        Publish(null, "x");
        _topics.Flush();

        Assert.Equal(3, Payloads(socket).Count);
        Assert.Equal(Push("x"), Payloads(socket)[2]);
    }

    [Fact]
    public void Who_has_left_holds_no_place_while_it_waits_to_be_closed()
    {
        var (first, _) = Connection(1);
        var (second, secondSocket) = Connection(2);
        var (third, thirdSocket) = Connection(3);
        Subscribe(first, 1, max: 1).HasLeft = true;
        _topics.HasLeaving = true;
        Subscribe(second, 2, max: 1);
        Subscribe(third, 3, max: 1);
        _topics.Flush();

        Assert.Equal("""{"type":"subscribed","id":2,"topic":"t"}""", Assert.Single(Payloads(secondSocket)));
        Assert.StartsWith("""{"type":"error","id":3,"code":"limit_exceeded""", Assert.Single(Payloads(thirdSocket)), StringComparison.Ordinal);
    }

    /// <summary>The connection drops what was refused when it hears of it; opened meanwhile, it would be open for ever.</summary>
    [Fact]
    public void A_subscription_that_was_refused_is_not_opened_when_there_is_room_again()
    {
        var (first, _) = Connection(1);
        var (second, socket) = Connection(2);
        var holder = Subscribe(first, 1, max: 1);
        var refused = Subscribe(second, 2, max: 1);
        _topics.Leave(holder);
        Run(new SubscribeCommand(refused, Id(3), 1, ActorRefs.Nobody));
        _topics.Flush();

        Assert.False(refused.IsOpen);
        Assert.All(Payloads(socket), static payload => Assert.Contains("limit_exceeded", payload, StringComparison.Ordinal));
        Assert.Equal(2, Payloads(socket).Count);
        Subscribe(second, 4, max: 1);
        _topics.Flush();
        Assert.Contains("subscribed", Payloads(socket)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Asking_to_recover_is_answered_with_recovered_false()
    {
        var (writer, socket) = Connection(1);
        Run(new SubscribeCommand(new Subscription(writer, "t"u8.ToArray(), 1), Id(1), 0, ActorRefs.Nobody) { AskedToRecover = true });
        _topics.Flush();

        Assert.Equal("""{"type":"subscribed","id":1,"topic":"t","recovered":false}""", Assert.Single(Payloads(socket)));
    }

    [Fact]
    public void A_full_topic_refuses_with_limit_exceeded()
    {
        var (first, _) = Connection(1);
        var (second, socket) = Connection(2);
        Subscribe(first, 1, max: 1);
        Subscribe(second, 5, max: 1);
        _topics.Flush();

        Assert.Contains("\"code\":\"limit_exceeded\"", Assert.Single(Payloads(socket)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gap_reaches_every_topic_in_order_with_its_messages()
    {
        var (writer, socket) = Connection(1);
        Subscribe(writer, 1);
        Publish(null, "x");
        _topics.AppendGap();
        Publish(null, "y");
        _topics.Flush();

        Assert.Equal([Push("x"), """{"type":"gap","topic":"t"}""", Push("y")], Payloads(socket)[1..]);
    }

    [Fact]
    public void A_remote_push_is_appended_as_it_lies()
    {
        var (writer, socket) = Connection(1);
        Subscribe(writer, 1);
        var push = _topics.Execute(Command(null, "remote", null, true)).Payload.ToArray();
        _topics.AppendRemote("t"u8, new LogEntry(push, WireFormat.Json));
        _topics.AppendRemote("nobody"u8, new LogEntry(push, WireFormat.Json));
        _topics.Flush();

        Assert.Equal([Push("remote"), Push("remote")], Payloads(socket)[1..]);
    }

    [Fact]
    public void Entries_of_every_size_cross_segments_whole_and_in_order()
    {
        var (writer, socket) = Connection(1);
        Subscribe(writer, 1);
        _topics.Flush();
        var texts = Enumerable.Range(1, 60).Select(n => new string((char)('a' + (n % 26)), n * n * 20)).ToArray();
        foreach (var text in texts.Chunk(20))
        {
            Array.ForEach(text, each => Publish(null, each));
            _topics.Flush();
        }

        Assert.Equal(texts.Select(Push), Payloads(socket)[1..]);
    }

    [Fact]
    public void A_fan_out_wider_than_a_slice_reaches_everyone()
    {
        const int Count = 1000;
        using var written = new CountdownEvent(Count);
        var sockets = new FakeSocket[Count];
        for (var i = 0; i < Count; i++)
        {
            (var writer, sockets[i]) = Connection(i + 1);
            Subscribe(writer, 1);
            _topics.Flush();
            sockets[i].Sending = () => written.Signal();
        }

        Publish(null, "x");
        _topics.Flush();

        Assert.True(written.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.All(sockets, socket => Assert.Equal(2, socket.Sends));
    }

    [Fact]
    public void A_cursor_over_its_bound_is_reported_once()
    {
        var (writer, socket) = Connection(1);
        var overruns = 0;
        writer.Observer = new WriterEvents { OnOverrun = () => overruns++ };
        Subscribe(writer, 1);
        socket.Room = 0;
        for (var i = 0; i < 40; i++)
        {
            Publish(null, new string('x', 100));
            _topics.Flush();
        }

        Assert.Equal(1, overruns);
        Assert.Equal(WriterState.Stage, writer.State);
    }

    [Fact]
    public void A_cursor_of_the_lane_that_failed_does_not_end_the_topic_of_its_successor()
    {
        var (late, _) = Connection(1);
        var failed = Create(_pool, lagLimit: 1000);
        var left = new Subscription(late, "t"u8.ToArray(), 1);
        failed.Execute(new SubscribeCommand(left, Id(1), 0, ActorRefs.Nobody));
        var (early, socket) = Connection(2);
        Subscribe(early, 7);

        _topics.Leave(left);
        Publish(null, "one");
        _topics.Flush();

        Assert.Equal(Push("one"), Payloads(socket)[^1]);
    }

    private static string Push(string text) => $$"""{"type":"message","topic":"t","data":"{{text}}"}""";

    private static PublishCommand Command(ConnectionWriter? publisher, string text, long? id, bool echo) =>
        new(1, "t"u8.ToArray(), Encoding.UTF8.GetBytes($"\"{text}\"")) { Publisher = publisher, Id = id is { } n ? Id(n) : default, Echo = echo };

    private void Publish(ConnectionWriter? publisher, string text, long? id = null, bool echo = true) => Run(Command(publisher, text, id, echo));

    private Subscription Subscribe(ConnectionWriter writer, long id, int max = 0)
    {
        var subscription = new Subscription(writer, "t"u8.ToArray(), 1);
        Run(new SubscribeCommand(subscription, Id(id), max, ActorRefs.Nobody));
        return subscription;
    }

    private void Run(LaneCommand command)
    {
        _topics.Execute(command);
        command.Complete();
    }
}
