using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Transports.Sessions;

/// <summary>How sessions end: by a drain, with their node, and when their clients are slow.</summary>
public sealed class SessionEndSpecs : IAsyncDisposable
{
    private readonly List<InProcessNode> _nodes = [];

    [Fact]
    public async Task Stop_of_a_node_is_told_by_the_last_message_and_then_everything_is_410()
    {
        var first = await StartAsync();
        var second = await StartAsync(first.Seed);
        using var stream = await SseClient.WelcomedAsync(first);
        var poll = await PollClient.OpenAsync(first);
        var waiting = poll.PollAsync(second, poll.Cursor);

        _nodes.Remove(first);
        await first.DisposeAsync();

        var told = await stream.ReadAsync("disconnecting");
        Assert.Equal((1012, true), (told.GetProperty("code").GetInt32(), told.GetProperty("reconnect").GetBoolean()));
        Assert.Null(await stream.ReadAsync());
        using var answer = await waiting;
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            var messages = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Deadline.Cancel)).RootElement.GetProperty("messages");
            Assert.Equal("disconnecting", messages[messages.GetArrayLength() - 1].GetProperty("type").GetString());
        }
        else
        {
            Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
        }

        HttpStatusCode status;
        do
        {
            status = (await SseClient.PostAsync(second, poll.Session, 1, """{"type":"ping"}""")).StatusCode;
        }
        while (status is HttpStatusCode.NoContent or HttpStatusCode.ServiceUnavailable);

        Assert.Equal(HttpStatusCode.Gone, status);
    }

    [Fact]
    public async Task Slow_reader_of_a_stream_is_closed_and_holds_up_nobody()
    {
        var node = await StartAsync();
        using var http = WithSmallBuffer();
        using var slow = await SseClient.WelcomedAsync(node, "/sse?topic=a", http: http);
        using var other = await SseClient.WelcomedAsync(node, "/sse?topic=a");
        await other.ReadAsync("subscribed");
        var text = new string('x', 50_000);
        for (var n = 0; n < 200; n++)
        {
            await node.Api.PublishAsync("a", text, cancellationToken: Deadline.Cancel);
            await other.ReadAsync("message");
        }

        await Eventually.IsTrueAsync(() => node.Api.State.Connections == 1, "still there");
    }

    [Fact]
    public async Task Session_that_nobody_polls_ends_as_a_silent_client_does()
    {
        var node = await StartAsync(config: "broker.heartbeat { interval = 1s\n timeout = 1s }\n");
        var client = await PollClient.OpenAsync(node);
        await Eventually.IsTrueAsync(() => node.Api.State.Connections == 0, "still there");
        Assert.Equal(HttpStatusCode.Gone, (await client.PollAsync(node, client.Cursor)).StatusCode);
    }

    [Fact]
    public async Task Stream_that_is_only_read_stays_and_has_comments()
    {
        var node = await StartAsync(config: "broker.heartbeat { interval = 500ms\n timeout = 500ms }\n");
        using var client = await SseClient.WelcomedAsync(node, "/sse?topic=a");
        await client.ReadAsync("subscribed");
        var next = client.ReadAsync("message");
        await Eventually.IsTrueAsync(() => client.Comments >= 5, "no comments");
        await node.Api.PublishAsync("a", 1, cancellationToken: Deadline.Cancel);
        await next;
    }

    [Fact]
    public async Task Session_whose_stream_has_ended_has_ended()
    {
        var node = await StartAsync();
        string session;
        using (var client = await SseClient.WelcomedAsync(node))
        {
            session = client.Session;
        }

        await Eventually.IsTrueAsync(() => node.Api.State.Connections == 0, "still there");
        Assert.Equal(HttpStatusCode.Gone, (await SseClient.PostAsync(node, session, 1, """{"type":"ping"}""")).StatusCode);
    }

    /// <summary>Of a client whose kernel takes little that it does not read.</summary>
    private static HttpClient WithSmallBuffer() => new(new SocketsHttpHandler
    {
        ConnectCallback = static async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private async Task<InProcessNode> StartAsync(string? seed = null, string config = "")
    {
        var node = await InProcessNode.StartAsync(SessionNodes.Config + config, Deadline.Cancel, seed is null ? [] : [seed]);
        _nodes.Add(node);
        return node;
    }
}
