using System.Text.Json;
using Broker.Tests.Contracts;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Clients that have their pushes gathered, over real sockets.</summary>
public sealed class BatchSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private const string Compressing = HostileNode.Open + "broker.deflate.enabled = on\nbroker.deflate.threshold = 1\n";

    private const string Cut = "broker.connections.closed 1013 slow consumer";

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData("batch=-1")]
    [InlineData("batch=1001")]
    [InlineData("batch=x")]
    [InlineData("batch=")]
    [InlineData("batch")]
    [InlineData("batch=10&batch=10")]
    public async Task Any_other_window_is_refused_with_400(string query)
    {
        var before = _node.Metrics.All;
        await using (var socket = await _node.ConnectAsync("/ws?" + query))
        {
            Assert.Equal(400, socket.Status);
            Assert.Contains("batch", socket.Body, StringComparison.Ordinal);
        }

        await _node.IsUnharmedAsync();
        Assert.Equal(["broker.handshakes.refused upgrade = 1"], _node.Metrics.Since(before));
    }

    [Theory]
    [InlineData("batch=1")]
    [InlineData("batch=50")]
    public async Task Every_push_arrives_once_in_order_and_in_fewer_frames(string query)
    {
        const int Count = 100;
        await using var subscriber = await SubscribeAsync(_node, "/ws?" + query, FormatSample.Json);
        await using var publisher = await _node.ClientAsync();
        await publisher.SendTextAsync($"[{string.Join(',', Enumerable.Range(0, Count).Select(Publish))}]", Cancel);
        var (arrived, frames) = (new List<int>(), 0);
        while (arrived.Count < Count)
        {
            frames++;
            using var frame = JsonDocument.Parse(await subscriber.ReceiveTextAsync(Cancel));
            JsonElement[] messages = frame.RootElement.ValueKind == JsonValueKind.Array ? [.. frame.RootElement.EnumerateArray()] : [frame.RootElement];
            arrived.AddRange(messages.Select(static message => message.GetProperty("data").GetInt32()));
        }

        Assert.Equal(Enumerable.Range(0, Count), arrived);
        Assert.InRange(frames, 1, Count - 1);
        await HostileNode.LeaveAsync(subscriber);
        await HostileNode.LeaveAsync(publisher);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("broker.v1.json", "batch=50")]
    [InlineData("broker.v1.msgpack", "batch=1000")]
    public async Task The_pushes_of_a_window_are_one_plain_array_and_replies_do_not_wait(string subprotocol, string query)
    {
        await using var node = await HostileNode.StartAsync(Compressing, TokenForge.Clock());
        var format = subprotocol == "broker.v1.json" ? FormatSample.Json : FormatSample.MessagePack;
        await using var subscriber = await SubscribeAsync(node, "/ws?" + query, format, [subprotocol], ("Sec-WebSocket-Extensions", "permessage-deflate"));
        Assert.NotNull(subscriber.Header("Sec-WebSocket-Extensions"));
        await using var publisher = await node.ClientAsync();
        for (var i = 0; i < 20; i++)
        {
            await publisher.SendTextAsync(Publish(i), Cancel);
            await HostileNode.ReadAsync(publisher, "published");
        }

        // Its own push waits, the reply to it does not.
        Assert.Equal("""{"type":"published","id":20,"topic":"t"}""", await AskAsync(subscriber, format, Publish(20)));
        node.Time!.Advance(TimeSpan.FromSeconds(1));
        var frame = await subscriber.ReceiveUntilAsync(static message => message.Opcode is 1 or 2, Cancel);

        Assert.Equal(0, frame.Rsv);
        Assert.Equal($"[{string.Join(',', Enumerable.Range(0, 21).Select(Push))}]", format.Show(frame.Payload));
        await HostileNode.LeaveAsync(subscriber);
        await HostileNode.LeaveAsync(publisher);
        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Nothing_comes_after_unsubscribed()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open, TokenForge.Clock());
        await using var subscriber = await SubscribeAsync(node, "/ws?batch=1000", FormatSample.Json);
        Assert.Equal("""{"type":"published","id":1,"topic":"t"}""", await AskAsync(subscriber, FormatSample.Json, Publish(1)));
        Assert.Equal("""{"type":"unsubscribed","id":1,"topic":"t"}""", await AskAsync(subscriber, FormatSample.Json, """{"type":"unsubscribe","topic":"t","id":1}"""));
        node.Time!.Advance(TimeSpan.FromSeconds(1));
        await HostileNode.RoundTripAsync(subscriber);
        await HostileNode.LeaveAsync(subscriber);
        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_cut_after_the_lag_time_and_its_window()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + "broker.limits { lag-time = 1s\nlag = 1g }\n", TokenForge.Clock());
        await using var subscriber = await SubscribeAsync(node, "/ws?batch=1000", FormatSample.Json);

        // So that what the system keeps for it is known, and the node keeps the rest.
        subscriber.Socket.ReceiveBufferSize = 64 * 1024;
        await using var publisher = await node.ClientAsync();
        var padding = new string('x', 60_000);
        for (var i = 0; i < 100; i++)
        {
            await publisher.SendTextAsync($$"""{"type":"publish","topic":"t","data":"{{padding}}","id":{{i}}}""", Cancel);
            await HostileNode.ReadAsync(publisher, "published");
        }

        for (var i = 0; i < 14; i++)
        {
            await node.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(0, node.Metrics[Cut]);
        for (var i = 0; i < 10; i++)
        {
            await node.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        }

        await Eventually.IsTrueAsync(() => node.Metrics[Cut] == 1, "the one that does not read is cut");

        // It does not take the close frame either.
        await node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await HostileNode.LeaveAsync(publisher);
        await subscriber.DisposeAsync();
        await node.IsUnharmedAsync();
    }

    private static string Publish(int n) => $$"""{"type":"publish","topic":"t","data":{{n}},"id":{{n}}}""";

    private static string Push(int n) => $$"""{"type":"message","topic":"t","data":{{n}}}""";

    private static async Task<RawWebSocket> SubscribeAsync(
        HostileNode node, string path, FormatSample format, IEnumerable<string>? subprotocols = null, params (string Name, string Value)[] headers)
    {
        var socket = await node.ConnectAsync(path, subprotocols, headers);
        Assert.Equal(101, socket.Status);
        Assert.StartsWith("""{"type":"welcome",""", await ReadAsync(socket, format), StringComparison.Ordinal);
        Assert.Equal("""{"type":"subscribed","id":1,"topic":"t"}""", await AskAsync(socket, format, """{"type":"subscribe","topic":"t","id":1}"""));
        return socket;
    }

    private static async Task<string> AskAsync(RawWebSocket socket, FormatSample format, string json)
    {
        await socket.SendFrameAsync(format == FormatSample.Json ? 1 : 2, format.Encode(json), cancellation: Cancel);
        return await ReadAsync(socket, format);
    }

    private static async Task<string> ReadAsync(RawWebSocket socket, FormatSample format) =>
        format.Show((await socket.ReceiveUntilAsync(static message => message.Opcode is 1 or 2, Cancel)).Payload);
}
