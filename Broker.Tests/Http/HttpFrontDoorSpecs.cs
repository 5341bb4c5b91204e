using System.Net;
using System.Net.Sockets;
using Broker.Node.Http;
using Broker.Node.Listening;
using Broker.Protocol.Http;
using Broker.Tests.Listening;
using Broker.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Tests.Http;

public sealed class HttpFrontDoorSpecs
{
    private const string Get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_are_served_on_one_kept_connection(bool tls)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        using (var client = harness.CreateClient())
        {
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal("page", await client.GetStringAsync("/", Cancel));
            }

            Assert.Equal(2 * 1024 * 1024, (await client.GetByteArrayAsync("/large", Cancel)).Length);
            Assert.Equal((1, 0), (harness.Listener.Admission.Connections, harness.Listener.Admission.Handshakes));
        }

        await harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Application_sees_scheme_and_both_end_points(bool tls)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        using var client = await harness.ConnectAsync();
        await client.SendAsync("GET /about HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var (head, body) = await ReadChunkedOrPlainAsync(client);
        Assert.Equal($"{(tls ? "https" : "http")} {client.Socket.LocalEndPoint} {client.Socket.RemoteEndPoint}", body);
        Assert.DoesNotContain("Server:", head, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    public async Task Pipelined_requests_are_answered_in_order(bool tls, int? readAtLeast)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls, readAtLeast: readAtLeast);
        using var client = await harness.ConnectAsync();
        await client.SendAsync(Get + "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n" + Get.Replace("Host", "Connection: close\r\nHost", StringComparison.Ordinal));
        Assert.Equal("page", (await ReadChunkedOrPlainAsync(client)).Body);
        Assert.StartsWith("HTTP/1.1 404 ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);
        Assert.Equal("page", (await ReadChunkedOrPlainAsync(client)).Body);
        Assert.Equal("", await client.ReadToEndAsync());
        client.Dispose();
        await harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, 1)]
    [InlineData(true, 10)]
    public async Task Body_that_begins_in_the_bytes_already_read_arrives_whole(bool tls, int? readAtLeast)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls, readAtLeast: readAtLeast);
        using var client = await harness.ConnectAsync();
        var body = string.Concat(Enumerable.Range(0, 200_000).Select(i => (char)(i * 7 % 251)));
        var sum = body.Aggregate(0, (sum, value) => unchecked((sum * 31) + (byte)value));
        var request = $"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n";
        await client.SendAsync(request[..20]);
        if (readAtLeast is not null)
        {
            await harness.Pipeline.Offered.Reader.ReadAsync(Cancel);
        }

        await client.SendAsync(request[20..] + body[..1000]);
        if (readAtLeast is null)
        {
            await harness.Pipeline.Offered.Reader.ReadAsync(Cancel);
        }

        await client.SendAsync(body[1000..]);
        Assert.Equal($"{body.Length} {sum}", (await ReadChunkedOrPlainAsync(client)).Body);
        await client.SendAsync(Get);
        Assert.Equal("page", (await ReadChunkedOrPlainAsync(client)).Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connections_in_parallel_are_served_and_counted(bool tls)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        await Parallel.ForAsync(0, 20, Cancel, async (_, cancel) =>
        {
            using var client = harness.CreateClient();
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal("page", await client.GetStringAsync("/", cancel));
            }
        });
        await harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task Client_that_leaves_in_a_request_aborts_it_and_frees_its_place(bool tls, bool reset)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        using var client = await harness.ConnectAsync();
        await client.SendAsync("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await harness.SlowStarted.Task.WaitAsync(Cancel);
        if (reset)
        {
            client.Reset();
        }
        else
        {
            client.Dispose();
        }

        await harness.SlowAborted.Task.WaitAsync(Cancel);
        await harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_that_stops_reading_and_leaves_frees_its_place(bool tls)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        using var client = await harness.ConnectAsync();
        await client.SendAsync(string.Concat(Enumerable.Repeat("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n", 10)));
        Assert.NotEqual(0, await client.Stream.ReadAsync(new byte[1000], Cancel));
        client.Reset();
        await harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: a\r\n\r\n", 8192, "414")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: {0}\r\n\r\n", 16384, "431")]
    [InlineData("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n{0}", 1, "413")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b{0}\r\n\r\n", 1, "400")]
    public async Task Request_over_a_limit_is_refused_by_Kestrel(string request, int fill, string status)
    {
        await using var harness = await FrontDoorHarness.StartAsync(readAtLeast: 1);
        using var client = await harness.ConnectAsync();
        await client.SendAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, request, new string('x', fill)));
        Assert.StartsWith($"HTTP/1.1 {status} ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);
        client.Dispose();
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Too_many_headers_are_refused_with_431()
    {
        await using var harness = await FrontDoorHarness.StartAsync(readAtLeast: 1);
        using var client = await harness.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Range(0, 64).Select(i => $"X{i}: y\r\n")) + "\r\n");
        Assert.StartsWith("HTTP/1.1 431 ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_offered_after_the_stop_is_answered_503(bool tls)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        await harness.App.StopAsync(Cancel);
        using var client = await harness.ConnectAsync();
        await client.SendAsync(Get);
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\nRetry-After: ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);
        Assert.Equal("", await client.ReadToEndAsync());
        client.Dispose();
        await harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_closes_idle_connections_and_aborts_the_others(bool tls)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        using var idle = await harness.ConnectAsync();
        await idle.SendAsync(Get);
        await ReadChunkedOrPlainAsync(idle);
        using var busy = await harness.ConnectAsync();
        await busy.SendAsync("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await harness.SlowStarted.Task.WaitAsync(Cancel);

        using var stop = new CancellationTokenSource();
        var stopped = harness.App.StopAsync(stop.Token);
        Assert.Equal("", await idle.ReadToEndAsync());
        await stop.CancelAsync();
        await stopped.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await harness.SlowAborted.Task.WaitAsync(Cancel);
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Other_end_points_keep_Kestrels_own_sockets()
    {
        await using var harness = await FrontDoorHarness.StartAsync(
            configure: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)));
        var other = harness.App.Urls.Single(url => url.Contains("127.0.0.1", StringComparison.Ordinal));
        using var client = new HttpClient();
        Assert.Equal("page", await client.GetStringAsync(new Uri(other), Cancel));
        Assert.Equal(0, harness.Listener.Admission.Connections);
        using var front = harness.CreateClient();
        Assert.Equal("page", await front.GetStringAsync("/", Cancel));
    }

    [Fact]
    public async Task Full_queue_answers_503_and_passes_over_closed_connections()
    {
        using var refusals = new LingeringClose(TimeProvider.System);
        using var metrics = new RecordedMetrics();
        using var door = new HttpFrontDoor(refusals, metrics.Metrics, SilentLog.Connections, new HttpLimits(), NullLoggerFactory.Instance, maxWaiting: 2);
        await using var listener = await door.BindAsync(FrontDoorEndPoint.Instance, Cancel);
        await using var accepted = await ListenerHarness.StartAsync(handle: connection => door.Offer(connection, "G"u8.ToArray()));

        using var gone = await accepted.ConnectAsync();
        await Eventually.IsTrueAsync(() => accepted.Admission.Connections == 1, "the first waits");
        using var waiting = await accepted.ConnectAsync();
        await Eventually.IsTrueAsync(() => accepted.Admission.Connections == 2, "the second waits");
        using var third = await accepted.ConnectAsync();
        Assert.StartsWith("HTTP/1.1 503 ", await ListenerHarness.ReadToEndAsync(third), StringComparison.Ordinal);
        third.Dispose();
        Assert.Equal(["broker.connections.refused unavailable = 1"], metrics.Since(new Dictionary<string, long>()));
        gone.LingerState = new LingerOption(true, 0);
        gone.Dispose();
        await Eventually.IsTrueAsync(() => accepted.Admission.Connections == 2, "the third is closed");

        // Kestrel gets the first although its client is gone, and finds that out itself.
        await using var first = await listener.AcceptAsync(Cancel);
        await using var second = await listener.AcceptAsync(Cancel);
        Assert.Equal(waiting.LocalEndPoint, second!.RemoteEndPoint);
        await first!.DisposeAsync();
        Assert.Equal(1, accepted.Admission.Connections);

        await listener.UnbindAsync(Cancel);
        Assert.Null(await listener.AcceptAsync(Cancel));
    }

    [Fact]
    public async Task Connection_closed_while_it_waits_does_not_stop_the_accept_loop()
    {
        using var refusals = new LingeringClose(TimeProvider.System);
        using var door = new HttpFrontDoor(refusals, RecordedMetrics.Unobserved(), SilentLog.Connections, new HttpLimits(), NullLoggerFactory.Instance);
        await using var listener = await door.BindAsync(FrontDoorEndPoint.Instance, Cancel);
        await using var accepted = await ListenerHarness.StartAsync();
        using var one = await accepted.ConnectAsync();
        using var dead = await accepted.NextAsync();
        door.Offer(dead, default);
        dead.Socket!.Dispose();
        using var two = await accepted.ConnectAsync();
        door.Offer(await accepted.NextAsync(), default);

        await using var served = await listener.AcceptAsync(Cancel);
        Assert.Equal(two.LocalEndPoint, served!.RemoteEndPoint);
        Assert.Equal(1, accepted.Admission.Connections);
    }

    [Fact]
    public async Task Stop_disposes_what_waits()
    {
        using var refusals = new LingeringClose(TimeProvider.System);
        using var door = new HttpFrontDoor(refusals, RecordedMetrics.Unobserved(), SilentLog.Connections, new HttpLimits(), NullLoggerFactory.Instance);
        await using var listener = await door.BindAsync(FrontDoorEndPoint.Instance, Cancel);
        await using var accepted = await ListenerHarness.StartAsync();
        using var client = await accepted.ConnectAsync();
        var connection = await accepted.NextAsync();
        door.Offer(connection, default);
        await listener.UnbindAsync(Cancel);
        Assert.True(connection.WhenEnded().IsCompleted);
        Assert.Equal(0, accepted.Admission.Connections);

        // A second server may have the end point now, not before.
        await using var next = await door.BindAsync(FrontDoorEndPoint.Instance, Cancel);
        await Assert.ThrowsAsync<AddressInUseException>(async () => await door.BindAsync(FrontDoorEndPoint.Instance, Cancel));
    }

    /// <summary>Kestrel chunks what has no length.</summary>
    private static async Task<(string Head, string Body)> ReadChunkedOrPlainAsync(RawClient client)
    {
        var (head, body) = await client.ReadResponseAsync();
        if (!head.Contains("chunked", StringComparison.Ordinal))
        {
            return (head, body);
        }

        for (var text = ""; ;)
        {
            var size = "";
            while (!size.EndsWith("\r\n", StringComparison.Ordinal))
            {
                size += await client.ReadAsync(1);
            }

            var length = Convert.ToInt32(size.Trim(), 16);
            text += (await client.ReadAsync(length + 2))[..length];
            if (length == 0)
            {
                return (head, text);
            }
        }
    }
}
