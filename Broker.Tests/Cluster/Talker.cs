using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>
/// A publisher of numbered messages, burst after burst, each when the one before was acknowledged; until it is stopped or
/// its connection ends.
/// </summary>
internal sealed class Talker : IAsyncDisposable
{
    private readonly JsonClient _client;
    private readonly string _topic;
    private readonly string _name;
    private readonly string _padding;
    private volatile bool _isStopped;
    private long _next;
    private long _slowest;

    private Talker(JsonClient client, string topic, string name, int padding)
    {
        _client = client;
        _topic = topic;
        _name = name;
        _padding = new string('x', padding);
        Running = Task.CompletedTask;
    }

    /// <summary>Completes when it has stopped or its connection has ended.</summary>
    public Task Running { get; private set; }

    /// <summary>The number of the last message that was acknowledged.</summary>
    public long LastAcknowledged { get; private set; } = -1;

    /// <summary>When that acknowledgement came.</summary>
    public long AcknowledgedAt { get; private set; }

    /// <summary>Bursts that were answered with the error <c>unavailable</c>; their numbers were published again.</summary>
    public int Refused { get; private set; }

    /// <summary>The longest a burst waited for its acknowledgement.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(Volatile.Read(ref _slowest));

    public static async Task<Talker> StartAsync(NodeProcess node, string topic, string name, int padding, int burst, CancellationToken cancellation)
    {
        var talker = new Talker(await JsonClient.ConnectAsync(node.WebSocket, cancellation), topic, name, padding);
        talker.Running = Task.Run(() => talker.RunAsync(burst), cancellation);
        return talker;
    }

    /// <summary>Publishes messages 0 to <paramref name="count"/> - 1 as fast as the connection takes them.</summary>
    public static async Task PublishAsync(JsonClient client, string topic, string name, int count, CancellationToken cancellation)
    {
        var talker = new Talker(client, topic, name, 0);
        while (talker._next < count)
        {
            await talker.BurstAsync((int)Math.Min(100, count - talker._next), cancellation);
        }
    }

    /// <summary>Stops; the result is the number of the last message, which was acknowledged.</summary>
    public async Task<long> StopAsync()
    {
        _isStopped = true;
        await Running;
        return LastAcknowledged;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Abort();
        await Running;
        await _client.DisposeAsync();
    }

    private async Task RunAsync(int burst)
    {
        try
        {
            while (!_isStopped)
            {
                await BurstAsync(burst, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            // The node has closed it or is gone: LastAcknowledged says how far it came.
        }
    }

    private async Task BurstAsync(int count, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var text = new StringBuilder("[");
        for (var i = 1; i <= count; i++)
        {
            var id = i == count ? $"\"id\":{_next}," : "";
            text.Append($$"""{"type":"publish",{{id}}"topic":"{{_topic}}","data":{"p":"{{_name}}","n":{{_next++}},"t":{{started}},"x":"{{_padding}}"} },""");
        }

        text[^1] = ']';
        await _client.SendAsync(Encoding.UTF8.GetBytes(text.ToString()), WebSocketMessageType.Text, cancellation);
        JsonElement reply;
        do
        {
            reply = await _client.ReceiveAsync(cancellation);
        }
        while (JsonClient.TypeOf(reply) == "disconnecting");

        if (JsonClient.TypeOf(reply) == "error" && reply.GetProperty("code").GetString() == "unavailable")
        {
            // Every message of the burst has such an answer, the others without an id.
            for (var i = 1; i < count; i++)
            {
                Assert.Equal("error", JsonClient.TypeOf(await _client.ReceiveAsync(cancellation)));
            }

            Refused++;
            _next -= count;
            return;
        }

        Assert.Equal("published", JsonClient.TypeOf(reply));
        LastAcknowledged = _next - 1;
        AcknowledgedAt = Stopwatch.GetTimestamp();
        _slowest = Math.Max(_slowest, Stopwatch.GetElapsedTime(started).Ticks);
    }
}
