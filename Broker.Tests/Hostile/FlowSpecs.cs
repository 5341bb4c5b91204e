using System.Globalization;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

public sealed class FlowSpecs
{
    private const string Fast = HostileNode.Open + """
        broker.rate { messages = 1000000
          burst = 1000000
          control = 1000000
          control-burst = 1000000 }

        """;

    private static readonly string Padding = new('a', 60_000);

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task A_subscriber_that_stops_reading_is_cut_and_nobody_else_loses_anything()
    {
        await using var node = await HostileNode.StartAsync(Fast);
        await using var slow = await node.ClientAsync();
        await using var reader = await node.ClientAsync();
        await using var publisher = await node.ClientAsync();
        foreach (var subscriber in new[] { slow, reader })
        {
            await subscriber.SendTextAsync("""{"type":"subscribe","topic":"flood"}""", Cancel);
            await HostileNode.ReadAsync(subscriber, "subscribed");
        }

        var published = 0;
        async Task FloodAsync()
        {
            // Until that is decided: its last words have two seconds, in which a fast machine publishes as much again.
            while (node.Metrics["broker.connections.closed 1013 slow consumer"] == 0)
            {
                Assert.True(published < 2000, "120 MB for one that does not read");
                await publisher.SendTextAsync(Publish(++published), Cancel);
                await HostileNode.ReadAsync(publisher, "published");
                Assert.Equal(published, Number(await HostileNode.ReadAsync(reader, "message")));
            }
        }

        await node.Canary.BesideAsync(FloodAsync());
        var seen = 0;
        RawMessage last;
        while ((last = await slow.ReceiveAsync(Cancel)).Opcode == 1 && last.Text.Contains("\"message\"", StringComparison.Ordinal))
        {
            Assert.Equal(++seen, Number(JsonDocument.Parse(last.Text).RootElement));
        }

        Assert.True(last.IsEnd || last.Text.Contains("slow consumer", StringComparison.Ordinal), last.ToString());
        Assert.True(seen < published, "it was owed more than it got");
        await publisher.DisposeAsync();
        await reader.DisposeAsync();
        await slow.DisposeAsync();
        await node.HasCountedAsync("broker.connections.closed 1013 slow consumer = 1");
    }

    [Fact]
    public async Task A_client_that_never_reads_its_replies_is_held_and_then_cut()
    {
        // It answers no ping either, and is not to be cut for that.
        await using var node = await HostileNode.StartAsync(Fast + "broker.heartbeat.interval = 1h\n", TokenForge.Clock());
        await using var socket = await node.ClientAsync();
        socket.Socket.ReceiveBufferSize = 4096;
        var many = Enumerable.Repeat(TestFrame.Text("""{"type":"publish","topic":"t","data":1,"id":"0123456789012345678901234567890123456789"}"""), 500).SelectMany(static frame => frame).ToArray();
        long sent = 0;
        async Task FloodAsync()
        {
            while (true)
            {
                await socket.SendBytesAsync(many, cancellation: Cancel);
                Interlocked.Add(ref sent, many.Length);
            }
        }

        var flood = FloodAsync();

        // Nothing more is taken from it while the canary sings a hundred times.
        var (still, before) = (0, 0L);
        while (still < 100)
        {
            await node.Canary.BeatAsync();
            var now = Interlocked.Read(ref sent);
            (still, before) = (now == before ? still + 1 : 0, now);
        }

        Assert.Equal(3, node.ConnectionActors());
        while (!flood.IsCompleted)
        {
            await node.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await Assert.ThrowsAnyAsync<IOException>(() => flood);
        await socket.DisposeAsync();
        await node.HasCountedAsync("broker.connections.closed 1013 slow consumer = 1");
    }

    [Fact]
    public async Task Ten_megabytes_of_publishes_at_once_arrive_all_and_in_order()
    {
        await using var node = await HostileNode.StartAsync(Fast + "broker.limits.lag = 64m\n");
        await using var publisher = await node.ClientAsync();
        await using var subscriber = await node.ClientAsync();
        await subscriber.SendTextAsync("""{"type":"subscribe","topic":"flood"}""", Cancel);
        await HostileNode.ReadAsync(subscriber, "subscribed");
        async Task SendAsync()
        {
            for (var i = 1; i <= 170; i++)
            {
                await publisher.SendTextAsync(Publish(i), Cancel);
            }
        }

        async Task ReadRepliesAsync()
        {
            for (var i = 1; i <= 170; i++)
            {
                Assert.Equal(i, (await HostileNode.ReadAsync(publisher, "published")).GetProperty("id").GetInt32());
            }
        }

        async Task ReadPushesAsync()
        {
            for (var i = 1; i <= 170; i++)
            {
                Assert.Equal(i, Number(await HostileNode.ReadAsync(subscriber, "message")));
            }
        }

        await node.Canary.BesideAsync(Task.WhenAll(SendAsync(), ReadRepliesAsync(), ReadPushesAsync()));
        await HostileNode.LeaveAsync(publisher);
        await HostileNode.LeaveAsync(subscriber);
        await node.HasCountedAsync();
    }

    [Fact]
    public async Task Of_ten_thousand_subscribes_and_unsubscribes_the_last_one_counts()
    {
        await using var node = await HostileNode.StartAsync(Fast);
        await using var socket = await node.ClientAsync();
        var pair = TestFrame.Text("""[{"type":"subscribe","topic":"flood","id":1},{"type":"unsubscribe","topic":"flood","id":1}]""");
        async Task SendAsync()
        {
            for (var i = 0; i < 10_000; i++)
            {
                await socket.SendBytesAsync(pair, cancellation: Cancel);
            }
        }

        async Task ReadAsync()
        {
            for (var i = 0; i < 10_000; i++)
            {
                await HostileNode.ReadAsync(socket, "subscribed");
                await HostileNode.ReadAsync(socket, "unsubscribed");
            }
        }

        await node.Canary.BesideAsync(Task.WhenAll(SendAsync(), ReadAsync()));
        await socket.SendTextAsync(Publish(1), Cancel);
        await HostileNode.ReadAsync(socket, "published");
        await HostileNode.RoundTripAsync(socket);
        await HostileNode.LeaveAsync(socket);
        await node.HasCountedAsync();
    }

    [Theory]
    [InlineData("status")]
    [InlineData("close")]
    public async Task A_foreign_origin_is_refused_as_configured(string refuse)
    {
        await using var node = await HostileNode.StartAsync($$"""
            {{HostileNode.Open}}
            broker.origins { allow = ["https://app.example.com", "https://*.example.org"]
              refuse = {{refuse}} }
            """);
        foreach (var origin in new[] { "https://evil.example", "https://app.example.com.evil.example", "https://app.example.com:8443", "http://app.example.com", "https://example.org", "null", "https://app.example.com." })
        {
            await using var socket = await node.ConnectAsync(headers: ("Origin", origin));
            Assert.True(socket.Status == (refuse == "close" ? 101 : 403), $"{origin}: {socket.Status}");
            if (refuse == "close")
            {
                var close = await socket.ReceiveAsync(Cancel);
                Assert.Equal((1008, "Origin not allowed"), (close.CloseCode, close.CloseReason));
            }
        }

        foreach (var origin in new[] { "https://app.example.com", "https://a.example.org", $"http://127.0.0.1:{node.Port}" })
        {
            await using var socket = await node.ConnectAsync(headers: ("Origin", origin));
            Assert.True(socket.Status == 101, $"{origin}: {socket.Status}");
            await HostileNode.ReadAsync(socket, "welcome");
        }

        await node.HasCountedAsync(refuse == "close" ? "broker.connections.closed 1008 Origin not allowed = 7" : "broker.handshakes.refused origin = 7");
    }

    private static string Publish(int number) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"type":"publish","topic":"flood","id":{{number}},"data":["{{Padding}}",{{number}}]}""");

    private static int Number(JsonElement message) => message.GetProperty("data")[1].GetInt32();
}
