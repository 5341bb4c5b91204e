using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
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
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol("broker.v1.json");
        if (compressed)
        {
            socket.Options.DangerousDeflateOptions = new WebSocketDeflateOptions();
        }

        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{shared.Node.Port}/ws"), http, Cancellation);
        Assert.Equal((HttpStatusCode.OK, "broker.v1.json"), (socket.HttpStatusCode, socket.SubProtocol));
        Assert.Equal(compressed, socket.HttpResponseHeaders!.ContainsKey("Sec-WebSocket-Extensions"));
        Assert.Equal(1, shared.Node.Metrics["broker.connections.streams"]);
        Assert.Equal("welcome", (await ReceiveAsync(socket)).GetProperty("type").GetString());
        var text = new string('a', 30_000);
        await SendAsync(socket, """{"type":"subscribe","topic":"dotnet.h2","id":1}""");
        Assert.Equal("subscribed", (await ReceiveAsync(socket)).GetProperty("type").GetString());
        await SendAsync(socket, $$"""{"type":"publish","topic":"dotnet.h2","data":"{{text}}"}""");
        Assert.Equal(text, (await ReceiveAsync(socket)).GetProperty("data").GetString());
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        await Eventually.IsTrueAsync(() => shared.Node.Metrics["broker.connections.streams"] == 0, "the stream is gone");
    }

    private Task SendAsync(ClientWebSocket socket, string text) =>
        socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Cancellation);

    private async Task<JsonElement> ReceiveAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        WebSocketReceiveResult read;
        do
        {
            read = await socket.ReceiveAsync(buffer, Cancellation);
            message.Write(buffer, 0, read.Count);
        }
        while (!read.EndOfMessage);
        return JsonDocument.Parse(message.ToArray()).RootElement;
    }
}
