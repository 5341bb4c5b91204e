using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Http;
using Broker.Node.Listening;
using Broker.Protocol.Http;
using Broker.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Broker.Tests.Http;

public sealed class UpgradeTakeBackSpecs
{
    private const string Upgrade =
        "GET /ws?batch=10 HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: " + FakeUpgradeGate.Key + "\r\nSec-WebSocket-Protocol: broker.v1.json\r\nSec-WebSocket-Protocol: bearer.x\r\nx-MiXed: 1\r\n\r\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Upgrade_on_a_connection_that_Kestrel_owns_goes_into_the_graph(bool tls)
    {
        // A body limit of Kestrel must not end the upgraded stream either.
        await using var harness = await FrontDoorHarness.StartAsync(tls, new LimitOptions { ApiMessage = 1024 });
        using var client = await harness.ConnectAsync();
        using var connection = await UpgradeAsync(harness, client);

        Assert.NotNull(connection.Upgraded);
        Assert.Null(connection.Lease);
        Assert.Equal(tls, connection.Tls);
        Assert.Equal(client.Socket.LocalEndPoint, connection.Remote);
        await EchoAsync(client, connection, 10);
        await EchoAsync(client, connection, 300_000);
        Assert.Equal(1, harness.Listener.Admission.Connections);

        connection.Dispose();
        Assert.Equal("", await client.ReadToEndAsync());
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Gate_sees_the_request_as_it_was_sent()
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        using var connection = await UpgradeAsync(harness, client);

        var head = harness.Gate.Head!;
        Assert.Equal(("GET", "/ws?batch=10", 1), (head.Method, head.Target, head.VersionMinor));
        Assert.Equal(["broker.v1.json", "bearer.x"], head.Headers.Where(header => header.Name == "Sec-WebSocket-Protocol").Select(header => header.Value));
        Assert.Contains(head.Headers, header => header is { Name: "Host", Value: "localhost" });
        Assert.Contains(head.Headers, header => header.Name.Equals("X-Mixed", StringComparison.OrdinalIgnoreCase) && header.Value == "1");
        Assert.Equal(IPAddress.Loopback, harness.Gate.Remote);
        Assert.False(harness.Gate.Tls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_before_the_clients_end_still_arrive(bool tls)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        using var client = await harness.ConnectAsync();
        using var connection = await UpgradeAsync(harness, client);
        await client.SendAsync("goodbye");
        client.Dispose();

        var buffer = new byte[64];
        Assert.Equal(0, await connection.Stream!.ReadAsync(Memory<byte>.Empty, Cancel));
        Assert.Equal(7, await connection.Stream.ReadAsync(buffer, Cancel));
        Assert.Equal(0, await connection.Stream.ReadAsync(buffer, Cancel));
        connection.Dispose();
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Connection_that_nobody_ends_is_ended_after_the_client_has_gone()
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        using var connection = await UpgradeAsync(harness, client);
        client.Reset();
        await connection.WhenEnded().WaitAsync(Cancel);
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Disposing_ends_a_pending_read()
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        using var connection = await UpgradeAsync(harness, client);
        var read = connection.Stream!.ReadAsync(new byte[1], CancellationToken.None).AsTask();
        connection.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await connection.Stream.ReadExactlyAsync(new byte[1], Cancel));
        Assert.Equal("", await client.ReadToEndAsync());
        await harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Disposing_while_the_client_takes_nothing_cuts_the_connection(bool tls)
    {
        await using var harness = await FrontDoorHarness.StartAsync(tls);
        using var client = await harness.ConnectAsync();
        using var connection = await UpgradeAsync(harness, client);
        var chunk = new byte[1024 * 1024];
        Task write;
        do
        {
            write = connection.Stream!.WriteAsync(chunk, CancellationToken.None).AsTask();
        }
        while (await Task.WhenAny(write, Stalled(client.Socket)) == write);

        connection.Dispose();
        await harness.NothingIsLeftAsync();
        await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    [Fact]
    public async Task Stop_of_the_host_aborts_the_connection_when_its_time_is_over()
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        using var connection = await UpgradeAsync(harness, client);
        using var stop = new CancellationTokenSource();
        var stopped = harness.App.StopAsync(stop.Token);
        await EchoAsync(client, connection, 10);
        await stop.CancelAsync();
        await stopped.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await connection.WhenEnded().WaitAsync(Cancel);
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Refused_upgrade_is_answered_with_the_gates_response()
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        await client.SendAsync("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404 ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);
        var (head, body) = await client.ReadResponseAsync();
        Assert.StartsWith("HTTP/1.1 426 ", head, StringComparison.Ordinal);
        Assert.Contains("Upgrade: websocket\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Version: 13\r\n", head, StringComparison.Ordinal);
        Assert.Equal("upgrade to websocket\n", body);
        Assert.Equal("", await client.ReadToEndAsync());
        client.Dispose();
        await harness.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "426")]
    [InlineData("GET /other HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "404")]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "400")]
    public async Task Only_an_upgrade_on_an_owned_path_is_taken_back(string request, string status)
    {
        await using var harness = await FrontDoorHarness.StartAsync();
        using var client = await harness.ConnectAsync();
        await client.SendAsync(request);
        Assert.StartsWith($"HTTP/1.1 {status} ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);
        client.Dispose();
        await harness.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Rates_of_Kestrel_are_off_while_the_connection_lives_and_back_for_its_end()
    {
        var rates = new Rates();
        var context = new DefaultHttpContext();
        var guard = new RequestGuard(PipeReader.Create(new MemoryStream(Encoding.ASCII.GetBytes(Upgrade))), new HttpLimits());
        Assert.False((await guard.ReadAsync(Cancel)).IsCanceled);
        context.Features.Set(guard);
        context.Features.Set<IHttpUpgradeFeature>(rates);
        context.Features.Set<IHttpMinRequestBodyDataRateFeature>(rates);
        context.Features.Set<IHttpMinResponseDataRateFeature>(rates);
        var pipeline = new FakePipeline();
        var takeBack = new UpgradeTakeBack(
            _ => Task.CompletedTask, new FakeUpgradeGate(), pipeline, RecordedMetrics.Unobserved(), SilentLog.Connections, TimeProvider.System);

        var answered = takeBack.InvokeAsync(context);
        var connection = await pipeline.NextUpgradedAsync();
        IHttpMinRequestBodyDataRateFeature requests = rates;
        IHttpMinResponseDataRateFeature responses = rates;
        Assert.Null(requests.MinDataRate);
        Assert.Null(responses.MinDataRate);
        Assert.False(answered.IsCompleted);
        connection.Dispose();
        await answered.WaitAsync(Cancel);
        Assert.NotNull(responses.MinDataRate);
    }

    private static async Task<AcceptedConnection> UpgradeAsync(FrontDoorHarness harness, RawClient client)
    {
        await client.SendAsync("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404 ", (await client.ReadResponseAsync()).Head, StringComparison.Ordinal);
        await client.SendAsync(Upgrade);
        var (head, _) = await client.ReadResponseAsync();
        Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", head, StringComparison.Ordinal);
        var lines = head.Split("\r\n");
        Assert.Single(lines, $"Sec-WebSocket-Accept: {FakeUpgradeGate.Accept}");
        Assert.Single(lines, "Sec-WebSocket-Protocol: broker.v1.json");
        Assert.Single(lines, "Connection: Upgrade");
        Assert.Single(lines, "Upgrade: websocket");
        Assert.DoesNotContain("chunked", head, StringComparison.Ordinal);
        return await harness.Pipeline.NextUpgradedAsync();
    }

    private static async Task EchoAsync(RawClient client, AcceptedConnection connection, int length)
    {
        var text = string.Concat(Enumerable.Range(0, length).Select(i => (char)(i % 251)));
        var sent = client.SendAsync(text);
        var buffer = new byte[length];
        for (var count = 0; count < length;)
        {
            // Like the socket stage: no buffer while there is nothing to read.
            _ = await connection.Stream!.ReadAsync(Memory<byte>.Empty, Cancel);
            var received = await connection.Stream.ReadAsync(buffer.AsMemory(count), Cancel);
            Assert.NotEqual(0, received);
            count += received;
        }

        await sent;
        Assert.Equal(text, Encoding.Latin1.GetString(buffer));
        var echoed = client.ReadAsync(length);
        await connection.Stream!.WriteAsync(buffer, Cancel);
        Assert.Equal(text, await echoed);
    }

    /// <summary>The client's kernel holds data that nobody reads, and no more comes.</summary>
    private static async Task Stalled(Socket socket)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var (before, same) = (-1, 0); same < 4;)
        {
            await tick.WaitForNextTickAsync(Cancel);
            (before, same) = (socket.Available, socket.Available == before ? same + 1 : 0);
        }
    }

    private sealed class Rates : IHttpUpgradeFeature, IHttpMinRequestBodyDataRateFeature, IHttpMinResponseDataRateFeature
    {
        public bool IsUpgradableRequest => true;

        MinDataRate? IHttpMinRequestBodyDataRateFeature.MinDataRate { get; set; } = new(240, TimeSpan.FromSeconds(5));

        MinDataRate? IHttpMinResponseDataRateFeature.MinDataRate { get; set; } = new(240, TimeSpan.FromSeconds(5));

        public Task<Stream> UpgradeAsync() => Task.FromResult<Stream>(new MemoryStream());
    }
}
