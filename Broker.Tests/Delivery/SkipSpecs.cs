using System.Runtime.CompilerServices;
using System.Text;
using Akka.Actor;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;
using Broker.Tests.Lanes;
using Broker.Tests.Support;
using Broker.Tests.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Delivery;

/// <summary>What a cursor that lags gets on a topic that skips, through a lane and its writer.</summary>
public sealed class SkipSpecs : IDisposable
{
    private const int LagLimit = 1000;
    private const string Gap = """{"type":"gap","topic":"t"}""";

    private readonly FanOutPool _pool = new(0);
    private readonly RecordedMetrics _metrics = new();
    private readonly LaneTopics _topics;
    private long _lastId;

    public SkipSpecs() => _topics = TestLane.Create(_pool, LagLimit, new MessageDeflateOptions { Threshold = 64 }, metrics: _metrics.Metrics);

    public static TheoryData<WireFormat, bool> Forms => new()
    {
        { WireFormat.Json, false },
        { WireFormat.Json, true },
        { WireFormat.MessagePack, false },
        { WireFormat.MessagePack, true },
    };

    public void Dispose()
    {
        _pool.Dispose();
        _metrics.Dispose();
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Skip_puts_one_plain_gap_in_place_of_what_waited_and_goes_on_live(WireFormat format, bool deflated)
    {
        var client = Client(SlowPolicy.Skip, new PushForm(format, deflated));
        client.Socket.Room = 0;
        Publish(1, format);
        for (var n = 2; n <= 30; n++)
        {
            Publish(n, format);
        }

        var skipped = _metrics["broker.topics.skipped skip"];
        Assert.InRange(skipped, 1, 29);
        var messages = client.Read();
        Publish(31, format);
        messages.AddRange(client.Read());

        Assert.Equal([1, -1, 31], messages.Select(message => Number(message, format)));
        Assert.Equal(format == WireFormat.Json ? 0x81 : 0x82, messages[1][0]);
        Assert.Equal(Gap, format == WireFormat.Json ? Text(messages[1]) : MessagePackSamples.Show(ServerFrame.PayloadOf(messages[1]).ToArray()));
    }

    [Fact]
    public void Latest_gives_a_client_that_is_behind_the_newest_only_and_no_gap()
    {
        var client = Client(SlowPolicy.Latest);
        client.Socket.Room = 0;
        for (var n = 1; n <= 5; n++)
        {
            Publish(n);
        }

        Assert.Equal([1, 5], Numbers(client.Read()));
        Assert.Equal(0, _metrics["broker.topics.skipped latest"]);
        Publish(6);
        Publish(7);
        Assert.Equal([6, 7], Numbers(client.Read()));
    }

    [Fact]
    public void Latest_leaves_nothing_out_for_a_client_that_keeps_up()
    {
        var client = Client(SlowPolicy.Latest);
        for (var n = 1; n <= 20; n++)
        {
            Run(Command(n, WireFormat.Json, null, true));
        }

        _topics.Flush();

        Assert.Equal(Enumerable.Range(1, 20), Numbers(client.Read()));
    }

    [Fact]
    public void Latest_over_the_bound_skips_and_still_ends_with_the_newest()
    {
        var client = Client(SlowPolicy.Latest);
        client.Socket.Room = 0;
        for (var n = 1; n <= 40; n++)
        {
            Publish(n);
        }

        Assert.InRange(_metrics["broker.topics.skipped latest"], 1, 39);
        Assert.Equal([1, 40], Numbers(client.Read()));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(40)]
    public void What_a_connection_published_without_echo_stays_hidden_from_it(int last)
    {
        var own = Client(SlowPolicy.Latest);
        var other = Client(SlowPolicy.Latest);
        own.Socket.Room = other.Socket.Room = 0;
        for (var n = 1; n < last; n++)
        {
            Publish(n);
        }

        Run(Command(last, WireFormat.Json, own.Writer, echo: false));
        _topics.Flush();

        Assert.Equal([1], Numbers(own.Read()));
        Assert.Equal([1, last], Numbers(other.Read()));
    }

    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public void Asked_by_its_connection_a_cursor_skips_below_the_bound(SlowPolicy policy)
    {
        var client = Client(policy);
        client.Socket.Room = 0;
        for (var n = 1; n <= 4; n++)
        {
            Publish(n);
        }

        Assert.True(client.Subscription.RequestSkip());
        Assert.False(client.Subscription.RequestSkip());
        Assert.Equal(0, client.Subscription.Lag);
        Publish(5);
        var numbers = Numbers(client.Read());
        Publish(6);

        Assert.Equal(policy == SlowPolicy.Skip ? [1, -1, 6] : [1, 5, 6], numbers.Concat(Numbers(client.Read())));
    }

    [Fact]
    public void Asked_too_late_a_cursor_that_caught_up_stays_where_it_is()
    {
        var client = Client(SlowPolicy.Skip);
        Publish(1);
        client.Subscription.RequestSkip();
        Publish(2);
        _topics.Leave(client.Subscription);
        client.Subscription.RequestSkip();

        Assert.Equal([1, 2], Numbers(client.Read()));
    }

    [Fact]
    public void After_unsubscribed_a_skip_that_was_asked_for_brings_nothing()
    {
        var client = Client(SlowPolicy.Skip);
        client.Socket.Room = 0;
        for (var n = 1; n <= 30; n++)
        {
            Publish(n);
        }

        Run(new UnsubscribeCommand(client.Subscription, WireSamples.Number(9)));
        Publish(31);

        var messages = client.Read().ConvertAll(Text);
        Assert.Equal(2, messages.Count);
        Assert.Equal("""{"type":"unsubscribed","id":9,"topic":"t"}""", messages[1]);
        Assert.Equal(0, client.Subscription.Lag);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    public void A_gap_of_another_node_is_told_before_the_newest(int last)
    {
        var client = Client(SlowPolicy.Latest);
        client.Socket.Room = 0;
        Publish(1);
        Publish(2);
        _topics.AppendGap();
        for (var n = 3; n <= last; n++)
        {
            Publish(n);
        }

        var numbers = Numbers(client.Read());
        Assert.Equal(1, numbers[0]);
        Assert.Equal([-1, last], numbers[^2..]);
    }

    [Fact]
    public void A_client_that_gathers_pushes_gets_the_gap_too()
    {
        var time = new FakeTimeProvider();
        var client = Client(new SlowClient(++_lastId, SlowPolicy.Skip, gathering: time));
        client.Socket.Room = 0;
        Publish(1);
        Pass();
        for (var n = 2; n <= 30; n++)
        {
            Publish(n);
        }

        Pass();
        var frames = client.Read().ConvertAll(Text);
        Assert.Equal(Gap, frames[1]);
        Publish(31);
        Pass();
        Assert.Contains("#31#", client.Read().ConvertAll(Text)[^1], StringComparison.Ordinal);

        void Pass() => time.Advance(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void Others_lose_nothing_when_one_skips()
    {
        var slow = Client(SlowPolicy.Skip);
        var fast = Client(SlowPolicy.Skip);
        slow.Socket.Room = 0;
        for (var n = 1; n <= 100; n++)
        {
            Publish(n);
        }

        Assert.Equal(Enumerable.Range(1, 100), Numbers(fast.Read()));
        Assert.Equal([1, -1], Numbers(slow.Read()));
    }

    [Fact]
    public void Nothing_is_kept_for_a_cursor_that_was_closed_while_its_writer_is_stuck()
    {
        var client = Client(SlowPolicy.Disconnect);
        client.Socket.Room = 0;
        Publish(1);
        Publish(2);
        var kept = Present(client.Subscription);

        _topics.Leave(client.Subscription);
        _topics.Recount();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.False(kept.IsAlive);
        GC.KeepAlive(client.Subscription);
        GC.KeepAlive(_topics);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Present(Subscription subscription)
    {
        Assert.True(subscription.TryPeek(out var segment, out _, out _));
        return new WeakReference(segment);
    }

    private static string Text(byte[] frame) => Encoding.UTF8.GetString(ServerFrame.PayloadOf(frame));

    private static List<int> Numbers(IEnumerable<byte[]> frames) => [.. frames.Select(static frame => Number(frame, WireFormat.Json))];

    /// <summary>Of a push whose data starts with it; -1 for a gap.</summary>
    private static int Number(byte[] frame, WireFormat format)
    {
        var payload = ServerFrame.PayloadOf(frame);
        if ((frame[0] & 0x40) != 0)
        {
            using var inflated = new MemoryStream();
            using (var stream = new System.IO.Compression.DeflateStream(new MemoryStream([.. payload, 0, 0, 0xff, 0xff]), System.IO.Compression.CompressionMode.Decompress))
            {
                stream.CopyTo(inflated);
            }

            payload = inflated.ToArray();
        }

        var text = format == WireFormat.Json ? Encoding.UTF8.GetString(payload) : MessagePackSamples.Show(payload.ToArray());
        return text == Gap ? -1 : int.Parse(text.Split('#')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static PublishCommand Command(int number, WireFormat format, ConnectionWriter? publisher, bool echo)
    {
        var data = $"\"#{number}#{new string('x', 100)}\"";
        return new PublishCommand(1, "t"u8.ToArray(), format == WireFormat.Json ? Encoding.UTF8.GetBytes(data) : MessagePackSamples.Encode(data))
        {
            Format = format,
            Publisher = publisher,
            Echo = echo,
        };
    }

    private void Publish(int number, WireFormat format = WireFormat.Json)
    {
        Run(Command(number, format, null, true));
        _topics.Flush();
    }

    private void Run(LaneCommand command)
    {
        _topics.Execute(command);
        command.Complete();
    }

    private SlowClient Client(SlowPolicy policy, PushForm form = default) => Client(new SlowClient(++_lastId, policy, form));

    private SlowClient Client(SlowClient client)
    {
        Run(new SubscribeCommand(client.Subscription, WireSamples.Number(1), 0, ActorRefs.Nobody));
        _topics.Flush();
        client.Read();
        return client;
    }
}
