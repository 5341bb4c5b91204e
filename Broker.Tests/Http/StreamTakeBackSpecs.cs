using System.Net;
using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Tests.Support;
using Microsoft.AspNetCore.Hosting;

namespace Broker.Tests.Http;

/// <summary>WebSockets as streams of HTTP/2 connections (RFC 8441), with a fake graph and a fake gate.</summary>
public sealed class StreamTakeBackSpecs
{
    private const int Cancelled = 8;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task Kestrel_offers_extended_CONNECT_and_the_stream_goes_into_the_graph()
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true, new LimitOptions { ApiMessage = 1024 });
        await using var client = await ConnectAsync(harness);
        Assert.True(client.OffersWebSockets);
        await client.OpenAsync(1, RawHttp2.WebSocket("/ws?batch=10", ("sec-websocket-protocol", "broker.v1.json"), ("x-mixed", "1")), cancellation: Cancel);
        using var connection = await harness.Pipeline.NextUpgradedAsync();
        var answer = await client.ReadAsync(static frame => frame.Type == RawHttp2.Headers, Cancel);

        Assert.Equal((200, 1, false), (answer!.Status, answer.Stream, answer.EndsStream));
        Assert.NotNull(connection.Upgraded);
        Assert.True(connection.Tls);
        Assert.True(connection.IsShared);
        Assert.Equal(IPAddress.Loopback, connection.Remote.Address);
        var head = harness.Gate.Head!;
        Assert.Equal(("CONNECT", "/ws?batch=10", "/ws", 2, "websocket"), (head.Method, head.Target, head.Path, head.VersionMajor, head.Protocol));
        Assert.Equal("localhost", head.Host);
        Assert.Contains(head.Headers, static header => header is { Name: "Sec-WebSocket-Protocol", Value: "broker.v1.json" });
        Assert.Contains(head.Headers, static header => header.Name.Equals("X-Mixed", StringComparison.OrdinalIgnoreCase) && header.Value == "1");
        Assert.DoesNotContain(head.Headers, static header => header.Name.StartsWith(':'));
        Assert.True(harness.Gate.Tls);

        // More than a body of the application's may have, and than the windows hold.
        await client.SendAsync(RawHttp2.Data, 0, 1, new byte[2048], Cancel);
        await connection.Stream!.ReadExactlyAsync(new byte[2048], Cancel);
        await connection.Stream.WriteAsync("hello"u8.ToArray(), Cancel);
        var data = await client.ReadAsync(static frame => frame.Type == RawHttp2.Data, Cancel);
        Assert.Equal("hello", Encoding.ASCII.GetString(data!.Payload));
    }

    [Fact]
    public async Task End_of_one_stream_is_no_end_of_the_others()
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true);
        await using var client = await ConnectAsync(harness);
        using var first = await OpenAsync(harness, client, 1);
        using var second = await OpenAsync(harness, client, 3);
        using var third = await OpenAsync(harness, client, 5);

        // Ended in order, cut, and reset by the client.
        first.Dispose();
        Assert.True((await client.ReadAsync(static frame => frame.Stream == 1 && frame.Type == RawHttp2.Data, Cancel))!.EndsStream);
        second.Reset();
        Assert.Equal(-Cancelled, await client.AnswerAsync(3, Cancel));
        await client.SendAsync(RawHttp2.Reset, 0, 5, RawHttp2.Number(Cancelled), Cancel);
        await third.WhenEnded().WaitAsync(Cancel);

        using var fourth = await OpenAsync(harness, client, 7);
        await fourth.Stream!.WriteAsync("hello"u8.ToArray(), Cancel);
        Assert.Equal(7, (await client.ReadAsync(static frame => frame.Type == RawHttp2.Data, Cancel))!.Stream);
        await Eventually.IsTrueAsync(() => harness.Listener.Admission.Connections == 1, "places of ended streams are free");
        client.Abort();
        await fourth.WhenEnded().WaitAsync(Cancel);
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Output_ends_while_the_client_may_still_send()
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true);
        await using var client = await ConnectAsync(harness);
        using var connection = await OpenAsync(harness, client, 1);
        await connection.EndOutput!();
        Assert.True((await client.ReadAsync(static frame => frame.Type == RawHttp2.Data, Cancel))!.EndsStream);
        await client.SendAsync(RawHttp2.Data, RawHttp2.EndStream, 1, "bye"u8.ToArray(), Cancel);
        var buffer = new byte[16];
        Assert.Equal(3, await connection.Stream!.ReadAsync(buffer, Cancel));
        Assert.Equal(0, await connection.Stream.ReadAsync(buffer, Cancel));
    }

    [Fact]
    public async Task Each_stream_counts_as_a_connection_and_the_first_as_its_connections()
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true, new LimitOptions { ConnectionsPerAddress = 3 });
        await using var client = await ConnectAsync(harness);
        for (var stream = 1; stream <= 5; stream += 2)
        {
            await OpenAsync(harness, client, stream);
        }

        Assert.Equal(3, harness.Listener.Admission.Connections);
        await client.OpenAsync(7, RawHttp2.WebSocket(), cancellation: Cancel);
        Assert.Equal(429, await client.AnswerAsync(7, Cancel));

        // Other requests are no connections.
        await client.OpenAsync(9, [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost")], RawHttp2.EndHeaders | RawHttp2.EndStream, Cancel);
        Assert.Equal(200, await client.AnswerAsync(9, Cancel));
        client.Abort();
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Refusal_has_no_header_that_HTTP_2_forbids()
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true);
        using var client = harness.CreateClient();
        using var answer = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/ws") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact }, Cancel);
        Assert.Equal(HttpStatusCode.UpgradeRequired, answer.StatusCode);
        Assert.Empty(answer.Headers.Connection);
        Assert.Empty(answer.Headers.Upgrade);
        Assert.Equal("upgrade to websocket\n", await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Pages_come_over_HTTP_2_and_the_application_sees_TLS_and_its_client()
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true);
        using var client = harness.CreateClient();
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        Assert.StartsWith("https 127.0.0.1:", await client.GetStringAsync(new Uri("/about", UriKind.Relative), Cancel), StringComparison.Ordinal);
        Assert.Equal(2 * 1024 * 1024, (await client.GetByteArrayAsync(new Uri("/large", UriKind.Relative), Cancel)).Length);
        using var post = await client.PostAsync(new Uri("/length", UriKind.Relative), new ByteArrayContent(new byte[300_000]), Cancel);
        Assert.StartsWith("300000 ", await post.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preface_of_HTTP_2_without_TLS_is_no_request_here()
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        await client.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 505 ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_without_a_request_ends_with_the_handshakes_time(bool silent)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true, new LimitOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(500) });
        await using var client = await ConnectAsync(harness, silent);
        Assert.Null(await client.ReadAsync(static _ => false, Cancel));
        Assert.Equal(1, harness.Listener.Metrics["broker.handshakes.refused timeout"]);
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Connection_whose_streams_are_over_is_told_to_go_when_it_was_idle()
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true, configure: static builder => builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(1)));
        await using var client = await ConnectAsync(harness);
        using var connection = await OpenAsync(harness, client, 1);
        connection.Dispose();
        Assert.NotNull(await client.ReadAsync(static frame => frame.Type == RawHttp2.GoAway, Cancel));
        Assert.Null(await client.ReadAsync(static _ => false, Cancel));
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Stop_of_the_host_says_GOAWAY_and_lets_streams_end()
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls: true);
        await using var client = await ConnectAsync(harness);
        using var connection = await OpenAsync(harness, client, 1);
        var stopped = harness.App.StopAsync(Cancel);
        Assert.NotNull(await client.ReadAsync(static frame => frame.Type == RawHttp2.GoAway, Cancel));
        await connection.Stream!.WriteAsync("bye"u8.ToArray(), Cancel);
        connection.Dispose();
        Assert.Equal(3, (await client.ReadAsync(static frame => frame.Type == RawHttp2.Data, Cancel))!.Payload.Length);
        await stopped;
        await harness.NothingIsLeftAsync();
    }

    private static Task<RawHttp2> ConnectAsync(FrontDoorHarness harness, bool silent = false) =>
        RawHttp2.ConnectAsync(harness.Listener.Binding.EndPoint.Port, harness.ClientTls, silent: silent, cancellation: Cancel);

    private static async Task<AcceptedConnection> OpenAsync(FrontDoorHarness harness, RawHttp2 client, int stream)
    {
        await client.OpenAsync(stream, RawHttp2.WebSocket(), cancellation: Cancel);
        var connection = await harness.Pipeline.NextUpgradedAsync();
        Assert.Equal(200, await client.AnswerAsync(stream, Cancel));
        return connection;
    }
}
