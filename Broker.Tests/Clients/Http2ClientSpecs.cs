using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using Broker.Tests.Hostile;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>WebSockets over HTTP/2 (RFC 8441) of clients that others wrote.</summary>
[Collection(RealClients.Name)]
public sealed class Http2ClientSpecs(Http2Node shared) : RealClientSpecs, IClassFixture<Http2Node>
{
    /// <summary>What is asked and expected stands in <c>node/http2.mjs</c>.</summary>
    [Fact]
    public async Task Node_http2_opens_WebSockets_by_extended_CONNECT()
    {
        var (exitCode, output) = await ChildProcess.RunAsync(
            RequiredTool.Find("node"),
            [Path.Combine(SourceTree.NodePeers, "http2.mjs"), shared.Node.Port.ToString(CultureInfo.InvariantCulture), shared.Root],
            Cancellation);

        Assert.True(exitCode == 0, output);
        Assert.Contains("passed", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClientWebSocket_asked_for_HTTP_2_has_it(bool compressed)
    {
        using var http = shared.OneConnection();
        await using var client = await JsonClient.ConnectAsync(new Uri($"wss://127.0.0.1:{shared.Node.Port}/ws"), Cancellation, Configure, http);
        Assert.Equal((HttpStatusCode.OK, "broker.v1.json"), (client.Status, client.Subprotocol));
        Assert.Equal(compressed, client.Headers.ContainsKey("Sec-WebSocket-Extensions"));
        Assert.Equal(1, shared.Node.Metrics["broker.connections.streams"]);
        var text = new string('a', 30_000);
        await client.SubscribeAsync("dotnet.h2", Cancellation);
        await client.PublishAsync("dotnet.h2", text, Cancellation);
        Assert.Equal(text, (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetString());
        await client.CloseAsync(Cancellation);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
        await Eventually.IsTrueAsync(() => shared.Node.Metrics["broker.connections.streams"] == 0, "the stream is gone");

        void Configure(ClientWebSocketOptions options)
        {
            options.HttpVersion = HttpVersion.Version20;
            options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            options.AddSubProtocol("broker.v1.json");
            options.DangerousDeflateOptions = compressed ? new WebSocketDeflateOptions() : null;
        }
    }
}
