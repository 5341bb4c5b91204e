using System.Net.Sockets;
using System.Text;
using Broker.Tests.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

public sealed class HandshakeSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private const string Second = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [MemberData(nameof(RequestCases.Refused), MemberType = typeof(RequestCases))]
    public async Task A_bad_request_is_refused_once_and_the_connection_ends(string what, string request, int status)
    {
        var bytes = Encoding.Latin1.GetBytes(request + Second);
        var before = _node.Metrics.All;
        foreach (var segments in Segmentation.Three(bytes))
        {
            using var client = await _node.HttpAsync();
            await SendAsync(client, segments);
            var answer = await client.ReadToEndAsync();

            Assert.True(answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal), $"{what}: {answer}");
            Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
            Assert.DoesNotContain("page", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("reset", answer, StringComparison.Ordinal);
            Assert.DoesNotContain(" at Broker", answer, StringComparison.Ordinal);
            Assert.True(status != 426 || answer.Contains("Sec-WebSocket-Version: 13\r\n", StringComparison.Ordinal), answer);
            Assert.True(status != 405 || answer.Contains("Allow: GET\r\n", StringComparison.Ordinal), answer);
        }

        await _node.IsUnharmedAsync();

        // What is no HTTP and what is no WebSocket may both be 400.
        var reasons = status switch { 414 or 431 => "too_large", 405 or 426 => "upgrade", 505 => "malformed", _ => "malformed|upgrade" };
        var count = Assert.Single(_node.Metrics.Since(before));
        Assert.Contains(count, reasons.Split('|').Select(static reason => $"broker.handshakes.refused {reason} = 3"));
    }

    [Fact]
    public async Task An_answer_to_head_has_no_body()
    {
        using var client = await _node.HttpAsync();
        await client.SendAsync($"HEAD /ws HTTP/1.1\r\n{RequestCases.Upgrade}\r\n");

        // RFC 9110 section 9.3.2.
        Assert.EndsWith("\r\n\r\n", await client.ReadToEndAsync(), StringComparison.Ordinal);
        client.Dispose();
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("/other")]
    [InlineData("/echo")]
    [InlineData("/metrics")]
    [InlineData("/health/live")]
    [InlineData("/ws/")]
    [InlineData("/WS")]
    [InlineData("/%77s")]
    public async Task An_upgrade_elsewhere_is_the_applications_404(string path)
    {
        await using var socket = await _node.ConnectAsync(path);

        Assert.Equal(404, socket.Status);
        await socket.DisposeAsync();
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("/sse")]
    [InlineData("/poll")]
    public async Task An_upgrade_where_clients_come_without_a_websocket_is_400(string path)
    {
        await using var socket = await _node.ConnectAsync(path);

        Assert.Equal(400, socket.Status);
        await socket.DisposeAsync();
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /ws HT")]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nX")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")]
    public async Task Half_a_request_and_then_nothing_leaves_nothing(string half)
    {
        for (var i = 0; i < 3; i++)
        {
            using var finished = await _node.HttpAsync();
            await finished.SendAsync(half);
            finished.Socket.Shutdown(SocketShutdown.Send);
            await finished.ReadToEndAsync();
            using var reset = await _node.HttpAsync();
            await reset.SendAsync(half);
            reset.Reset();
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Frames_that_came_with_the_request_are_answered_in_order_after_the_101()
    {
        byte[] bytes =
        [
            .. RawWebSocket.UpgradeRequest("a"),
            .. TestFrame.Text("""{"type":"subscribe","topic":"t","id":1}"""),
            .. TestFrame.Text("""{"type":"publish","topic":"t","data":1,"id":2}"""),
        ];
        foreach (var segment in new[] { int.MaxValue, 1, 7 })
        {
            await using var socket = await _node.DialAsync();
            await socket.SendBytesAsync(bytes, segment, Cancel);
            await socket.ReadResponseAsync(Cancel);

            Assert.Equal(101, socket.Status);
            foreach (var type in new[] { "welcome", "subscribed", "published", "message" })
            {
                await HostileNode.ReadAsync(socket, type);
            }
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Frames_behind_a_refused_request_are_never_answered()
    {
        using var client = await _node.HttpAsync();
        await client.Stream.WriteAsync(
            (byte[])[.. RawWebSocket.UpgradeRequest("a", headers: [("Authorization", "Bearer x")]), .. TestFrame.Text("""{"type":"ping"}""")], Cancel);
        var answer = await client.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 401 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("pong", answer, StringComparison.Ordinal);
        client.Dispose();
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Who_goes_on_sending_after_a_refusal_is_cut_and_keeps_nobody_waiting()
    {
        async Task Flood()
        {
            await using var socket = await _node.DialAsync();
            await socket.SendBytesAsync(Encoding.ASCII.GetBytes("nonsense\r\n\r\n"), cancellation: Cancel);
            var waste = new byte[1024 * 1024];
            await Assert.ThrowsAnyAsync<IOException>(async () =>
            {
                while (true)
                {
                    await socket.SendBytesAsync(waste, cancellation: Cancel);
                }
            });
        }

        await _node.Canary.BesideAsync(Flood());
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_second_request_on_a_kept_connection_may_upgrade_and_go_wrong()
    {
        foreach (var bytes in new[] { TestFrame.Text("{}", masked: false), [], TestFrame.Close(1000) })
        {
            await using var socket = await _node.DialAsync();
            await socket.UpgradeAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Cancel);
            Assert.Equal("page", socket.Body);
            await socket.UpgradeAsync(RawWebSocket.UpgradeRequest("a"), Cancel);
            await HostileNode.ReadAsync(socket, "welcome");
            await socket.SendBytesAsync(bytes, cancellation: Cancel);
            if (bytes.Length == 0)
            {
                socket.Abort();
            }
            else
            {
                await socket.ReceiveCloseAsync(Cancel);
            }
        }

        await _node.IsUnharmedAsync();
    }

    private static async Task SendAsync(RawClient client, IEnumerable<byte[]> segments)
    {
        try
        {
            foreach (var segment in segments)
            {
                await client.Stream.WriteAsync(segment, Cancel);
            }
        }
        catch (IOException)
        {
            // Refused before the end: the answer is there to be read.
        }
    }
}
